package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/blang/semver/v4"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"k8s.io/apimachinery/pkg/api/resource"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

// The value in JSON, with its type.
func canonical(value ref.Val) (any, error) {
	switch value := value.(type) {
	case types.Null:
		return nil, nil
	case types.Bool:
		return bool(value), nil
	case types.Int:
		return int64(value), nil
	case types.Uint:
		return tagged("uint", strconv.FormatUint(uint64(value), 10)), nil
	case types.Double:
		return tagged("double", double(float64(value))), nil
	case types.String:
		return string(value), nil
	case types.Bytes:
		numbers := make([]int, 0, len(value))
		for _, b := range value {
			numbers = append(numbers, int(b))
		}
		return tagged("bytes", numbers), nil
	case types.Duration:
		return tagged("duration", string(value.ConvertToType(types.StringType).(types.String))), nil
	case types.Timestamp:
		return tagged("timestamp", value.Time.UTC().Format(time.RFC3339Nano)), nil
	case *types.Type:
		return tagged("type", value.TypeName()), nil
	case *types.Optional:
		return optional(value)
	case apiservercel.CIDR:
		return tagged("cidr", value.Prefix.String()), nil
	case apiservercel.Format:
		return tagged("format", strings.ToLower(value.Name[:1])+value.Name[1:]), nil
	case apiservercel.IP:
		return tagged("ip", value.Addr.String()), nil
	case apiservercel.Quantity:
		return quantity(value.Quantity), nil
	case *apiservercel.Quantity:
		return quantity(value.Quantity), nil
	case apiservercel.Semver:
		return tagged("semver", semver.Version(value.Version).String()), nil
	case apiservercel.URL:
		return tagged("url", value.URL.String()), nil
	case traits.Mapper:
		return mapping(value)
	case traits.Lister:
		return list(value)
	}
	return nil, fmt.Errorf("a value of type %s", value.Type().TypeName())
}

func tagged(of string, value any) map[string]any { return map[string]any{of: value} }

// The shortest digits and the power of ten.
func double(value float64) string {
	text := strconv.FormatFloat(value, 'e', -1, 64)
	digits, exponent, found := strings.Cut(text, "e")
	if !found {
		return strings.ToLower(strings.TrimPrefix(text, "+"))
	}
	power, _ := strconv.Atoi(exponent)
	return digits + "e" + strconv.Itoa(power)
}

// In nanos.
func quantity(value *resource.Quantity) any {
	amount := new(big.Rat).SetInt(value.AsDec().UnscaledBig())
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(abs(int(value.AsDec().Scale())))), nil)
	if value.AsDec().Scale() > 0 {
		amount.Quo(amount, new(big.Rat).SetInt(power))
	} else {
		amount.Mul(amount, new(big.Rat).SetInt(power))
	}
	amount.Mul(amount, new(big.Rat).SetInt64(1_000_000_000))
	return tagged("quantity", amount.Num().String())
}

func abs(number int) int { return max(number, -number) }

func optional(value *types.Optional) (any, error) {
	if !value.HasValue() {
		return tagged("optional", []any{}), nil
	}
	inner, err := canonical(value.GetValue())
	return tagged("optional", []any{inner}), err
}

func list(value traits.Lister) (any, error) {
	items := []any{}
	for it := value.Iterator(); it.HasNext() == types.True; {
		item, err := canonical(it.Next())
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// Pairs, in the order of their texts: Go's maps have none.
func mapping(value traits.Mapper) (any, error) {
	entries := [][]any{}
	for it := value.Iterator(); it.HasNext() == types.True; {
		key := it.Next()
		name, err := canonical(key)
		if err != nil {
			return nil, err
		}
		entry, err := canonical(value.Get(key))
		if err != nil {
			return nil, err
		}
		entries = append(entries, []any{name, entry})
	}
	sort.Slice(entries, func(a, b int) bool { return text(entries[a]) < text(entries[b]) })
	return tagged("map", entries), nil
}

func text(value any) string {
	written, _ := json.Marshal(value)
	return string(written)
}

// As the API server reads an object: a number without a fraction is an int.
func unmarshal(text []byte, into *map[string]any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	*into = numbers(*into).(map[string]any)
	return nil
}

func numbers(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, field := range value {
			value[name] = numbers(field)
		}
	case []any:
		for index, item := range value {
			value[index] = numbers(item)
		}
	case json.Number:
		if whole, err := value.Int64(); err == nil {
			return whole
		}
		float, _ := value.Float64()
		return float
	}
	return value
}
