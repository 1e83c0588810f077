package github

import "net/http"

const reportPath = "/_report"

func (s *Server) serveReport(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }
