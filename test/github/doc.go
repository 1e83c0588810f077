// Package github is the GitHub of Loadline's tests: one repository on a server of this machine, held against what GitHub
// itself published about its API. Every request and every answer is checked with the OpenAPI description; what that does
// not say, the fake enforces: permissions, paging, rate limits, lengths, who wrote what, merge commits. Only tests use it.
//
//	s := github.Start(t, github.Options{Permissions: github.Reader()})
//	base := s.Commit(map[string]string{"Dockerfile": "FROM scratch\nCOPY . .\n"})
//	head := s.Commit(map[string]string{"Dockerfile": "FROM scratch\nCOPY . .\n", "big.bin": "…"}, base)
//	s.SetRef("refs/heads/main", base)
//	s.SetPull(github.Pull{Number: 7, Base: base, Head: head, Merge: s.MergeCommit(base, head)})
//	s.Rename(head, "<head>")
//
//	… run what is tested, with GITHUB_API_URL=s.URL(), GITHUB_GRAPHQL_URL=s.GraphQLURL() and s.Token() …
//
//	s.Violations()    // breaches of the contract: want none
//	s.Comments(7)     // what is there now; also CheckRuns, Statuses
//	s.Conversation()  // all requests and answers, as a text for a golden file
//	s.TokenSeenBy()   // want only "api"
//
// The objects are those of a real Git repository: Options.Git, or a bare one that Commit, CommitFiles and MergeCommit fill.
// Ids are the same on every machine.
//
// # Trouble
//
// Inject adds a Fault: an error status, a reset, half an answer, no JSON, a huge answer, a redirect to another host, or
// only a delay; of one operation or all, some requests or all, before the operation takes effect or after (Done). Fail,
// PrimaryLimit and SecondaryLimit make the usual ones:
//
//	s.Inject(github.Fail(github.CreateComment, 1, 502, ""))           // once, then fine
//	s.Inject(github.SecondaryLimit(github.UpdateComment, 1, 403, time.Second))
//	s.Inject(github.Fault{Operation: github.CreateComment, Kind: github.Reset, Times: 1, Done: true})
//
// Before runs a function before the next request for an operation, so that two runs can be made to race:
//
//	s.Before(github.CreateComment, func() { s.AddComment(7, github.Actions(), body) })
//
// # Who may do what
//
// The token acts for Options.User (GITHUB_TOKEN's bot unless told) and may what Options.Permissions say. A missing
// permission is a 403 "Resource not accessible by integration"; reading a public repository needs none, unless
// Options.StrictReads, which some users report. A private repository of others is a 404. A locked conversation is a 403.
//
// What we know from memory only is marked "not verified" at its place.
package github
