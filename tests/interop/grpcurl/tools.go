//go:build tools

// The version of grpcurl that the examples are tested with.
package tools

import _ "github.com/fullstorydev/grpcurl/cmd/grpcurl"
