package github

import (
	"fmt"
	"slices"
)

// In JSON, levels and kinds are words: none, read, write; clean, computing, conflicts; refuse, reset, …

func (a Access) MarshalText() ([]byte, error)     { return word(int(a), accessWords()) }
func (a *Access) UnmarshalText(text []byte) error { return unword(text, accessWords(), (*int)(a)) }

func (m Mergeable) MarshalText() ([]byte, error) { return word(int(m), mergeableWords()) }
func (m *Mergeable) UnmarshalText(text []byte) error {
	return unword(text, mergeableWords(), (*int)(m))
}

func (k FaultKind) MarshalText() ([]byte, error)     { return word(int(k), faultWords()) }
func (k *FaultKind) UnmarshalText(text []byte) error { return unword(text, faultWords(), (*int)(k)) }

func accessWords() []string    { return []string{"none", "read", "write"} }
func mergeableWords() []string { return []string{"clean", "computing", "conflicts"} }
func faultWords() []string {
	return []string{"refuse", "reset", "truncate", "malformed", "huge", "redirect", "slow"}
}

func word(value int, words []string) ([]byte, error) {
	if value < 0 || value >= len(words) {
		return nil, fmt.Errorf("%d is none of %q", value, words)
	}
	return []byte(words[value]), nil
}

func unword(text []byte, words []string, into *int) error {
	i := slices.Index(words, string(text))
	if i < 0 {
		return fmt.Errorf("%q is none of %q", text, words)
	}
	*into = i
	return nil
}
