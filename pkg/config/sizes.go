package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/docker/go-units"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/report"
)

// ParseSize reads a size as Docker prints it, such as 50MB, 1.5GB or 500kB, into bytes. Units are SI.
func ParseSize(text string) (int64, error) {
	if strings.Contains(strings.ToLower(text), "i") {
		return 0, fmt.Errorf("%q is no size: units are SI as Docker prints them, such as 50MB or 500kB", text)
	}
	size, err := units.FromHumanSize(strings.TrimSpace(text))
	if err != nil || size < 0 {
		return 0, fmt.Errorf("%q is no size: want a number with a unit, such as 50MB or 500kB", text)
	}
	return size, nil
}

// ParseGrowth reads SIZE[,PERCENT%]. A percentage alone is refused: on a small build it would fail for nothing.
func ParseGrowth(text string) (build.Growth, error) {
	size, percent, both := strings.Cut(text, ",")
	if strings.HasSuffix(strings.TrimSpace(size), "%") {
		return build.Growth{}, fmt.Errorf("%q is no growth: a percentage needs a size before it, such as 1MB,10%%", text)
	}
	bytes, err := ParseSize(size)
	if err != nil {
		return build.Growth{}, fmt.Errorf("%q is no growth: want SIZE[,PERCENT%%], such as 1MB,10%%", text)
	}
	g := build.Growth{Bytes: bytes}
	if both {
		p, err := parsePercent(percent)
		if err != nil {
			return build.Growth{}, err
		}
		g.Percent = &p
	}
	return g, nil
}

func parsePercent(text string) (float64, error) {
	number, ok := strings.CutSuffix(strings.TrimSpace(text), "%")
	p, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if !ok || err != nil || p < 0 || math.IsNaN(p) || math.IsInf(p, 0) {
		return 0, fmt.Errorf("%q is no percentage: want a number and %%, such as 10%%", text)
	}
	return p, nil
}

// rates are units of transmission rates, in bits per second.
var rates = []struct {
	suffix string
	bits   float64
}{
	{"gbit", 1e9}, {"mbit", 1e6}, {"kbit", 1e3}, {"bit", 1},
}

// ParseRate reads a transmission rate such as 20mbit, 1gbit or 500kbit (also written 20mbit/s, 20Mbps) into bits per
// second.
func ParseRate(text string) (int64, error) {
	lower := strings.ToLower(strings.TrimSpace(text))
	lower = strings.TrimSuffix(lower, "/s")
	if number, ok := strings.CutSuffix(lower, "bps"); ok {
		lower = number + "bit"
	}
	for _, unit := range rates {
		number, ok := strings.CutSuffix(lower, unit.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || n*unit.bits < 1 || n*unit.bits > 1e15 {
			break
		}
		return int64(n * unit.bits), nil
	}
	return 0, fmt.Errorf("%q is no rate: want a number of bits per second, such as 20mbit or 1gbit", text)
}

// ParseFloor reads SIZE[,PERCENT%]: the growth below which a change is not worth a comment.
func ParseFloor(text string) (report.Floor, error) {
	g, err := ParseGrowth(text)
	if err != nil {
		return report.Floor{}, fmt.Errorf("%q is no floor: want SIZE[,PERCENT%%], such as 100kB,1%%", text)
	}
	f := report.Floor{Bytes: g.Bytes}
	if g.Percent != nil {
		f.Percent = *g.Percent
	}
	return f, nil
}
