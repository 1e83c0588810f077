package report

import (
	"fmt"
	"math"
	"time"

	"github.com/docker/go-units"

	"github.com/loadline-dev/loadline/pkg/finding"
)

// Bytes shows a size as Docker does: SI, exact below 1 kB.
func Bytes(n int64) string { return finding.Bytes(n) }

// Growth shows a difference with its sign.
func Growth(n int64) string {
	if n > 0 {
		return "+" + Bytes(n)
	}
	return Bytes(n)
}

// Percent shows a difference relative to base; empty where base is 0.
func Percent(delta, base int64) string {
	if base <= 0 {
		return ""
	}
	p := float64(delta) / float64(base) * 100
	switch {
	case math.Abs(p) >= 100:
		return fmt.Sprintf("%+.0f %%", p)
	case math.Abs(p) < 0.05 && delta != 0:
		if delta > 0 {
			return "+<0.1 %"
		}
		return "-<0.1 %"
	}
	return fmt.Sprintf("%+.1f %%", p)
}

// GrowthOf shows a difference with its percentage, such as "+1.5 MB (+12.6 %)".
func GrowthOf(delta, base int64) string {
	if p := Percent(delta, base); p != "" {
		return Growth(delta) + " (" + p + ")"
	}
	return Growth(delta)
}

// Duration shows how long bytes take at a rate in bits per second.
func Duration(bytes, rate int64) string {
	if rate <= 0 {
		return ""
	}
	seconds := float64(bytes) * 8 / float64(rate)
	if seconds < 0.1 {
		return "less than 0.1 s"
	}
	if seconds < 10 {
		return fmt.Sprintf("%.1f s", seconds)
	}
	return (time.Duration(math.Round(seconds)) * time.Second).String()
}

// Rate shows a rate in bits per second, such as "20 Mbit/s".
func Rate(rate int64) string {
	return units.CustomSize("%.4g %sbit/s", float64(rate), 1000, []string{"", "k", "M", "G", "T"})
}

// Count shows a number of things: "1 file", "2 files", "12,345 files".
func Count(n int64, one string) string { return finding.Count(n, one) }

// Group puts a comma before each three digits.
func Group(n int64) string { return finding.Group(n) }
