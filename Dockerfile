# The image of the action: our binary, git with what it needs for https, certificates. No shell, nothing else.
#
# BuildKit and the classic builder both build it, so it has no mounts, no heredocs and no syntax line. No USER: GitHub
# runs the containers of actions as root, and the workspace belongs to another user.
ARG GO_IMAGE=golang:1.26-bookworm
ARG DEBIAN_IMAGE=debian:bookworm-slim

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY cmd/ cmd/
COPY pkg/ pkg/
ARG VERSION
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X main.stamp=${VERSION}" -o /out/loadline ./cmd/loadline

# git as Debian builds it: the command, its helper for https, the libraries that these two load, the certificates; and
# of each package that they come from the licence and the entry of the package database, so that scanners know them.
FROM ${DEBIAN_IMAGE} AS git
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git \
 && rm -rf /var/lib/apt/lists/*
RUN set -eu; \
    mkdir -p /out/tmp /out/var/lib/dpkg/status.d; chmod 1777 /out/tmp; \
    for dir in bin lib lib64; do mkdir -p "/out/usr/$dir"; ln -s "usr/$dir" "/out/$dir"; done; \
    libraries=$(ldd /usr/bin/git /usr/lib/git-core/git-remote-https | grep -o '/[^ ]*\.so[^ ]*' | sort -u); \
    for file in /usr/bin/git /usr/lib/git-core/git /usr/lib/git-core/git-remote-http /usr/lib/git-core/git-remote-https \
        $libraries /etc/ssl/certs/ca-certificates.crt /etc/nsswitch.conf; do \
      for part in "$file" "$(readlink -f "$file")"; do \
        case $part in /usr/* | /etc/*) ;; *) part=/usr$part ;; esac; \
        cp --archive --parents "$part" /out; \
        dpkg-query --search "$part" "${part#/usr}" 2>/dev/null || true; \
      done; \
    done | sed 's/:.*//' | sort -u >/packages; \
    echo ca-certificates >>/packages; \
    for package in $(sort -u /packages); do \
      dpkg-query --status "$package" >"/out/var/lib/dpkg/status.d/$package"; \
      cp --parents "/usr/share/doc/$package/copyright" /out; \
    done

FROM scratch
COPY --from=git /out/ /
COPY --from=build /out/loadline /usr/bin/loadline
ENV PATH=/usr/bin
ENTRYPOINT ["/usr/bin/loadline"]
