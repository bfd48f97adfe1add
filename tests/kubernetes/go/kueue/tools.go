//go:build tools

// What is built in this module, so that `go mod tidy` keeps what it needs.
package tools

import (
	_ "sigs.k8s.io/jobset"
	_ "sigs.k8s.io/kueue/cmd/kueue"
)
