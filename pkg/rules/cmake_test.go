package rules

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCMakeReadsTheBlocksOfOptionsThatAreOn(t *testing.T) {
	tests := []struct{ name, text, said, elsewhere, want string }{
		{"off by itself", "option(A_T \"x\" OFF)\nif(A_T)\na()\nendif()\n", "", "", ""},
		{"without a value", "option(A_T \"x\")\nif(A_T)\na()\nendif()\n", "", "", ""},
		{"on by itself", "option(A_T \"x\" ON)\nif(A_T)\na()\nendif()\n", "", "", "if(A_T)|a()|endif()"},
		{"by a variable", "option(A_T \"x\" ${MAIN})\nif(A_T)\na()\nendif()\n", "", "", "if(A_T)|a()|endif()"},
		{"turned off", "option(A_T \"x\" ON)\nif(A_T)\na()\nendif()\n", "cmake -DA_T:BOOL=off .", "", ""},
		{"turned on", "option(A_T \"x\" OFF)\nif(A_T)\na()\nendif()\n", "cmake -DA_T=ON .", "", "if(A_T)|a()|endif()"},
		{"off, then on", "option(A_T \"x\" OFF)\nif(A_T)\na()\nendif()\n", "cmake -DA_T=OFF .; cmake -D A_T=1 .", "", "if(A_T)|a()|endif()"},
		{"mentioned", "option(A_T \"x\" OFF)\nif(A_T)\na()\nendif()\n", "ARG A_T=1", "", "if(A_T)|a()|endif()"},
		{"set elsewhere", "option(A_T \"x\" OFF)\nif(A_T)\na()\nendif()\n", "", "set(A_T ON)", "if(A_T)|a()|endif()"},
		{"set by one that is off", "option(A_T \"x\" OFF)\nif(A_DEV)\nset(A_T ON)\nendif()\nif(A_T)\na()\nendif()\n", "", "", ""},
		{"set by one that is on", "option(A_T \"x\" OFF)\noption(A_DEV \"x\" ON)\nif(A_DEV)\nset(A_T ON)\nendif()\nif(A_T)\na()\nendif()\n", "", "", "if(A_DEV)|set(A_T ON)|endif()|if(A_T)|a()|endif()"},
		{"another branch", "option(A_T \"x\" OFF)\nif(A_T)\na()\nif(B)\nelse()\nendif()\nelse()\nb()\nendif()\n", "", "", "else()|b()|endif()"},
		{"one of CMake's", "option(A_T \"x\" OFF)\nif(WIN32)\na()\nendif()\nif(NOT A_T)\nb()\nendif()\n", "", "", "if(WIN32)|a()|endif()|if(NOT A_T)|b()|endif()"},
		{"blocks of one line", "option(A_T \"x\" OFF)\nif(A_T) a() endif()\nb()\n", "", "", "option(A_T \"x\" OFF)|if(A_T) a() endif()|b()"},
		{"blocks that do not add up", "option(A_T \"x\" OFF)\nif(A_T)\nb()\n", "", "", "option(A_T \"x\" OFF)|if(A_T)|b()"},
		{"an end of nothing", "option(A_T \"x\" OFF)\nendif()\nif(A_T)\nb()\nendif()\n", "", "", "option(A_T \"x\" OFF)|endif()|if(A_T)|b()|endif()"},
		{"a comment", "option(A_T \"x\" OFF) # set(A_T ON)\nif(A_T OR A_T)\na()\nendif() # c\n", "", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, strings.Join(cmakeAlive(test.text, test.said, test.elsewhere), "|")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzCMakeLinesAreThoseOfTheFile(f *testing.F) {
	f.Add("option(A_T \"x\" OFF)\nif(A_DEV)\nset(A_T ON)\nendif()\nif(A_T)\na()\nendif()\n", "cmake -DA_T=OFF")
	f.Add("endif()\nelse()\nif(\n", "-D=0")
	f.Fuzz(func(t *testing.T, text, said string) {
		all := cmakeLines(text)
		for _, line := range cmakeAlive(text, said, "") {
			if !slices.Contains(all, line) {
				t.Errorf("%q is no line of the file", line)
			}
		}
	})
}
