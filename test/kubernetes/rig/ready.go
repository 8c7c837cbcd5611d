package rig

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// await makes a step that polls until a part says that it is ready. It fails
// early when the part's process has ended, with the last lines of its log.
func (r *Rig) await(part, what string, ready step) step {
	return func(ctx context.Context) error {
		began := time.Now()
		var last error
		ended := false
		err := until(ctx, partTimeout, func() bool {
			if _, alive := r.state.process(part); !alive {
				ended = true
				return true
			}
			last = ready(ctx)
			return last == nil
		})
		log := r.logFile(part)
		switch {
		case ended:
			return fmt.Errorf("%s: %w: it ended; the end of %s:\n%s", part, ErrNotReady, log, tail(log))
		case err != nil:
			return fmt.Errorf("%s: %s: %w: %w; the end of %s:\n%s", part, what, ErrNotReady, errors.Join(last, err), log, tail(log))
		}
		r.log.Info("ready", slog.String("part", part), slog.String("what", what), slog.Duration("waited", time.Since(began).Round(time.Millisecond)))
		return nil
	}
}

// httpClient reaches the parts inside the rig.
func (r *Rig) httpClient() (*http.Client, error) {
	token, config, err := r.adminAccess()
	if err != nil {
		return nil, err
	}
	return &http.Client{
		Timeout: 5 * time.Second,
		Transport: bearer{token: token, next: &http.Transport{
			DialContext: r.Dial, TLSClientConfig: config, DisableKeepAlives: true,
		}},
	}, nil
}

type bearer struct {
	token string
	next  http.RoundTripper
}

func (b bearer) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(request)
}

// get answers the body of a page that must be there.
func (r *Rig) get(ctx context.Context, url string) ([]byte, error) {
	client, err := r.httpClient()
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", url, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", url, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: %w: %s", url, ErrNotReady, response.Status)
	}
	return body, nil
}

// page is ready when a URL answers 200.
func (r *Rig) page(url string) step {
	return func(ctx context.Context) error {
		_, err := r.get(ctx, url)
		return err
	}
}

// nodeReady is ready when the kubelet says so and pods may be put there.
func (r *Rig) nodeReady(ctx context.Context) error {
	body, err := r.get(ctx, apiServerURL+"/api/v1/nodes/"+NodeName)
	if err != nil {
		return err
	}
	var node struct {
		Spec struct {
			Taints []struct{ Key string }
		}
		Status struct {
			Conditions []struct{ Type, Status, Message string }
		}
	}
	if err := json.Unmarshal(body, &node); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == "Ready" && condition.Status != "True" {
			return fmt.Errorf("node: %w: %s", ErrNotReady, condition.Message)
		}
	}
	if len(node.Status.Conditions) == 0 || len(node.Spec.Taints) > 0 {
		return fmt.Errorf("node: %w: %d conditions, taints %v", ErrNotReady, len(node.Status.Conditions), node.Spec.Taints)
	}
	return nil
}
