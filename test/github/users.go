package github

import (
	"strconv"
	"time"
)

// jsonUser is an account as other objects carry it.
type jsonUser struct {
	Login             string `json:"login"`
	ID                int64  `json:"id"`
	NodeID            string `json:"node_id"`
	AvatarURL         string `json:"avatar_url"`
	GravatarID        string `json:"gravatar_id"`
	URL               string `json:"url"`
	HTMLURL           string `json:"html_url"`
	FollowersURL      string `json:"followers_url"`
	FollowingURL      string `json:"following_url"`
	GistsURL          string `json:"gists_url"`
	StarredURL        string `json:"starred_url"`
	SubscriptionsURL  string `json:"subscriptions_url"`
	OrganizationsURL  string `json:"organizations_url"`
	ReposURL          string `json:"repos_url"`
	EventsURL         string `json:"events_url"`
	ReceivedEventsURL string `json:"received_events_url"`
	Type              string `json:"type"`
	SiteAdmin         bool   `json:"site_admin"`
	UserViewType      string `json:"user_view_type,omitempty"`
}

func (s *Server) user(u User) jsonUser {
	// A bot's brackets are percent-encoded in addresses, as GitHub does.
	api := s.URL() + "/users/" + escapeLogin(u.Login)
	html := siteURL + "/" + u.Login
	kind := "User"
	if u.App != "" {
		kind, html = "Bot", siteURL+"/apps/"+u.App
	}
	return jsonUser{
		Login: u.Login, ID: u.ID, NodeID: nodeID(kind, strconv.FormatInt(u.ID, 10)),
		AvatarURL: "https://avatars.githubusercontent.com/u/" + strconv.FormatInt(u.ID, 10),
		URL:       api, HTMLURL: html, FollowersURL: api + "/followers", FollowingURL: api + "/following{/other_user}",
		GistsURL: api + "/gists{/gist_id}", StarredURL: api + "/starred{/owner}{/repo}",
		SubscriptionsURL: api + "/subscriptions", OrganizationsURL: api + "/orgs", ReposURL: api + "/repos",
		EventsURL: api + "/events{/privacy}", ReceivedEventsURL: api + "/received_events", Type: kind,
		UserViewType: "public",
	}
}

func escapeLogin(login string) string {
	var out []byte
	for i := range len(login) {
		switch c := login[i]; c {
		case '[':
			out = append(out, "%5B"...)
		case ']':
			out = append(out, "%5D"...)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// jsonApp is an app as other objects carry it.
type jsonApp struct {
	ID          int64             `json:"id"`
	Slug        string            `json:"slug"`
	NodeID      string            `json:"node_id"`
	Owner       jsonUser          `json:"owner"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	ExternalURL string            `json:"external_url"`
	HTMLURL     string            `json:"html_url"`
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
	Permissions map[string]string `json:"permissions"`
	Events      []string          `json:"events"`
}

// app is the app that a bot acts for, nil for a person.
func (s *Server) app(u User) *jsonApp {
	if u.App == "" {
		return nil
	}
	id, name := int64(15368), "GitHub Actions"
	if u.App != Actions().App {
		id, name = u.ID, u.App
	}
	return &jsonApp{
		ID: id, Slug: u.App, NodeID: nodeID("App", strconv.FormatInt(id, 10)), Name: name,
		Owner:       s.user(User{9919, "github", ""}),
		ExternalURL: "https://help.github.com/en/actions", HTMLURL: siteURL + "/apps/" + u.App,
		CreatedAt: start(), UpdatedAt: start(), Events: []string{},
		Permissions: map[string]string{"checks": "write", "contents": "read", "metadata": "read", "pull_requests": "write"},
	}
}

// jsonPrivateUser is the account of the token itself.
type jsonPrivateUser struct {
	jsonUser
	Name        *string   `json:"name"`
	Company     *string   `json:"company"`
	Blog        *string   `json:"blog"`
	Location    *string   `json:"location"`
	Email       *string   `json:"email"`
	Hireable    *bool     `json:"hireable"`
	Bio         *string   `json:"bio"`
	PublicRepos int       `json:"public_repos"`
	PublicGists int       `json:"public_gists"`
	Followers   int       `json:"followers"`
	Following   int       `json:"following"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

func (s *Server) privateUser(u User) jsonPrivateUser {
	return jsonPrivateUser{jsonUser: s.user(u), CreatedAt: start(), UpdatedAt: start()}
}
