package finding

import (
	"strconv"

	"github.com/docker/go-units"
)

// Bytes shows a size as Docker does: SI, exact below 1 kB.
func Bytes(n int64) string {
	switch {
	case n < 0:
		return "-" + Bytes(-n)
	case n < 1000:
		return strconv.FormatInt(n, 10) + " B"
	}
	return units.CustomSize("%.4g %s", float64(n), 1000, []string{"B", "kB", "MB", "GB", "TB", "PB"})
}

// Count shows a number of things: "1 file", "2 files", "12,345 files".
func Count(n int64, one string) string {
	text := Group(n) + " " + one
	if n != 1 {
		text += "s"
	}
	return text
}

// Group puts a comma before each three digits.
func Group(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
