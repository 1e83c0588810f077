package main

import "runtime/debug"

// version is the module's version as the go command stamped it; "(devel)" in a work tree.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
