// The oracle of tests/expressions.rs: evaluates expressions in the CEL
// environment that Kubernetes 1.34 gives its policies. The first line of the
// input holds the variables, each further one an expression; each line of the
// output is what became of one. With the argument "functions" it lists the
// names of the environment's functions instead.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/google/cel-go/cel"
	"k8s.io/apimachinery/pkg/util/version"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

// What became of an expression: a value, as src/policy/expr/evaluate.rs writes
// it, or why there is none.
type outcome struct {
	Value   any    `json:"value,omitempty"`
	Failed  string `json:"failed,omitempty"`
	Refused string `json:"refused,omitempty"`
}

func main() {
	log.SetFlags(0)
	env, err := newEnv()
	if err != nil {
		log.Fatal(err)
	}
	if len(os.Args) > 1 && os.Args[1] == "functions" {
		for _, name := range slices.Sorted(maps.Keys(env.Functions())) {
			fmt.Println(name)
		}
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	if !lines.Scan() {
		log.Fatal("no variables")
	}
	variables, err := readVariables(lines.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for lines.Scan() {
		var expression string
		if err := json.Unmarshal(lines.Bytes(), &expression); err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(evaluate(env, expression, variables)); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

// Whole numbers become ints, as where the API server reads objects.
func readVariables(line []byte) (map[string]any, error) {
	var variables map[string]any
	if err := unmarshal(line, &variables); err != nil {
		return nil, err
	}
	now, err := time.Parse(time.RFC3339, variables["now"].(string))
	if err != nil {
		return nil, err
	}
	variables["now"] = now
	return variables, nil
}

// The environment for new expressions, with kguard's variables. request and
// caller have types, as the object of a policy has; the objects have none.
func newEnv() (*cel.Env, error) {
	text := field(apiservercel.StringType)
	texts := field(apiservercel.NewListType(apiservercel.StringType, -1))
	lists := field(apiservercel.NewMapType(apiservercel.StringType,
		apiservercel.NewListType(apiservercel.StringType, -1), -1))
	request := apiservercel.NewObjectType("kguard.Request", fields(map[string]fieldOf{
		"apiGroup": text, "apiVersion": text, "capabilities": texts, "cluster": text, "name": text,
		"namespace": text, "path": text, "query": lists, "resource": text, "subresource": text,
		"verb": text,
	}))
	caller := apiservercel.NewObjectType("kguard.Caller", fields(map[string]fieldOf{
		"groups": texts, "issuer": text, "kind": text, "name": text, "uid": text,
	}))
	set, err := environment.MustBaseEnvSet(version.MajorMinor(1, 34), true).Extend(
		environment.VersionedOptions{
			IntroducedVersion: version.MajorMinor(1, 0),
			EnvOptions: []cel.EnvOption{
				cel.Variable("request", request.CelType()),
				cel.Variable("caller", caller.CelType()),
				cel.Variable("now", cel.TimestampType),
				cel.Variable("object", cel.DynType),
				cel.Variable("oldObject", cel.DynType),
			},
			DeclTypes: []*apiservercel.DeclType{request, caller},
		})
	if err != nil {
		return nil, err
	}
	return set.Env(environment.NewExpressions)
}

type fieldOf func(name string) *apiservercel.DeclField

func field(of *apiservercel.DeclType) fieldOf {
	return func(name string) *apiservercel.DeclField {
		return apiservercel.NewDeclField(name, of, true, nil, nil)
	}
}

func fields(named map[string]fieldOf) map[string]*apiservercel.DeclField {
	made := make(map[string]*apiservercel.DeclField, len(named))
	for name, of := range named {
		made[name] = of(name)
	}
	return made
}

func evaluate(env *cel.Env, expression string, variables map[string]any) (result outcome) {
	// A panic of the library is an outcome too, and nothing to agree with.
	defer func() {
		if cause := recover(); cause != nil {
			result = outcome{Failed: fmt.Sprintf("panic: %v", cause)}
		}
	}()
	tree, issues := env.Compile(expression)
	if issues.Err() != nil {
		return outcome{Refused: issues.String()}
	}
	program, err := env.Program(tree)
	if err != nil {
		return outcome{Refused: err.Error()}
	}
	value, _, err := program.Eval(variables)
	if err != nil {
		return outcome{Failed: err.Error()}
	}
	written, err := canonical(value)
	if err != nil {
		return outcome{Failed: err.Error()}
	}
	// An absent value would be no value: null is wrapped.
	return outcome{Value: []any{written}}
}
