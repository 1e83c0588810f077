package main

import "net/http"

func main() {
	http.Handle("/", http.NotFoundHandler())
	_ = http.ListenAndServe(":8080", nil)
}
