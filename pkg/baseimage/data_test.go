package baseimage

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// header is the second line of a table: its source, commit and day.
var header = regexp.MustCompile(`(?m)^# [a-z.-]+/[a-z.-]+ [0-9a-f]{12} (\d{4}-\d{2}-\d{2})`)

func TestTablesHaveTheirFormAndDay(t *testing.T) {
	names, err := fs.Glob(data, "data/tags/*.txt")
	if err != nil || len(names) < 60 {
		t.Fatalf("%d tables of tags, %v", len(names), err)
	}
	oldest := time.Now()
	for _, name := range append(names, "data/lifecycles.txt") {
		text, err := data.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		m := header.FindStringSubmatch(string(text))
		if m == nil || day(m[1]).IsZero() {
			t.Fatalf("%s does not name its source", name)
		}
		if d := day(m[1]); d.Before(oldest) {
			oldest = d
		}
	}
	if !oldest.Equal(TableDay()) {
		t.Errorf("TableDay is %v; the oldest table is of %v", TableDay(), oldest)
	}
	for _, name := range names {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "data/tags/"), ".txt")
		table := readTags(name)
		seen := map[string]bool{}
		for _, g := range table.groups {
			if len(g.tags) == 0 {
				t.Errorf("%s has a group without tags", name)
			}
			for _, tag := range g.tags {
				if seen[tag] {
					t.Errorf("%s:%s stands twice", name, tag)
				}
				seen[tag] = true
			}
		}
		if family := strings.Replace(name, "dotnet-", "dotnet/", 1); !strings.Contains(family, "/") && officialName(family) == "" {
			t.Errorf("%s is the table of no official image", name)
		}
	}
}

func TestSizesAreOfTagsThatExist(t *testing.T) {
	for name, figures := range readSizes() {
		table := readTags(strings.ReplaceAll(name, "/", "-"))
		for _, f := range figures {
			if table != nil && table.group(f.tag) == nil {
				t.Errorf("%s:%s is not known to exist", name, f.tag)
			}
			if f.low <= 0 || f.high < f.low || f.high > 10_000_000_000 || f.date.IsZero() || f.source == "" ||
				f.digest != "-" && !regexp.MustCompile(`^sha256:[0-9a-f]{64}$`).MatchString(f.digest) {
				t.Errorf("%s: %+v", name, f)
			}
			if img := (Image{Family: name, Tag: f.tag}); img.WithTag(f.tag).Version == "" {
				t.Errorf("%s:%s is a tag that moves from version to version", name, f.tag)
			}
		}
	}
}

func TestToolsHaveAVersionADayAndASource(t *testing.T) {
	text, err := data.ReadFile("data/packages.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[packageKey]bool{}
	for line := range records(string(text)) {
		f := strings.Fields(line)
		if len(f) != 6 || !numericWord.MatchString(f[1]) || !numericWord.MatchString(f[3]) || day(f[4]).IsZero() || f[5] != "pins" && !strings.HasPrefix(f[5], "http") {
			t.Errorf("%q", line)
			continue
		}
		k := packageKey{f[0], f[1], f[2]}
		if seen[k] {
			t.Errorf("%v stands twice", k)
		}
		seen[k] = true
	}
}

func TestLifecyclesAreOfWhatIsAskedFor(t *testing.T) {
	all := readLifecycles()
	for _, d := range namedReleases {
		if d.Release == "" || slices.Contains([]string{"14", "15"}, d.Release) || strings.HasSuffix(d.Release, ".10") && d.Release > "26" {
			continue // not released
		}
		if !slices.ContainsFunc(all[d.ID], func(l lifecycle) bool { return l.cycle == d.Release }) {
			t.Errorf("%s %s has no lifecycle", d.ID, d.Release)
		}
	}
	for _, d := range deprecatedImages {
		if officialName(d.name) == "" || d.since != "" && day(d.since).IsZero() {
			t.Errorf("%+v", d)
		}
	}
}
