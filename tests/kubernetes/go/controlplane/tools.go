//go:build tools

// What else is built in this module, so that `go mod tidy` keeps what it needs.
package main

import _ "sigs.k8s.io/kwok/cmd/kwok"
