//go:build tools

// Package helm pins the helm of the tests: build.sh builds what is imported here.
package helm

import _ "helm.sh/helm/v3/cmd/helm"
