// A gateway as a competent developer would write it in Go: net/http and the official SDK. The bench puts it beside ours.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
)

const (
	bodyMax      = 1 << 20
	startTimeout = 10 * time.Second
)

type startRequest struct {
	WorkflowType string          `json:"workflowType"`
	TaskQueue    string          `json:"taskQueue"`
	WorkflowID   string          `json:"workflowId"`
	Input        json.RawMessage `json:"input"`
}

type startReply struct {
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId"`
	FirstRunID string `json:"firstRunId"`
	Started    bool   `json:"started"`
}

type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func reply(w http.ResponseWriter, status int, contentType string, body any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		slog.Debug("the caller has gone", "error", err)
	}
}

func refuse(w http.ResponseWriter, status int, title, detail string) {
	reply(w, status, "application/problem+json", problem{Title: title, Status: status, Detail: detail})
}

func handleStart(temporal client.Client) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMax))
		if err != nil {
			refuse(w, http.StatusRequestEntityTooLarge, "The body is too long.", err.Error())
			return
		}
		var request startRequest
		if err := json.Unmarshal(body, &request); err != nil {
			refuse(w, http.StatusBadRequest, "The body cannot be read.", err.Error())
			return
		}
		if request.WorkflowType == "" || request.TaskQueue == "" {
			refuse(w, http.StatusBadRequest, "The body is incomplete.", "workflowType and taskQueue are needed")
			return
		}
		if request.WorkflowID == "" {
			request.WorkflowID = request.WorkflowType + "-" + uuid.NewString()
		}
		var arguments []any
		if request.Input != nil {
			arguments = []any{request.Input}
		}
		ctx, cancel := context.WithTimeout(r.Context(), startTimeout)
		defer cancel()
		run, err := temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID:                                       request.WorkflowID,
			TaskQueue:                                request.TaskQueue,
			WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
			WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
			WorkflowExecutionErrorWhenAlreadyStarted: true,
		}, request.WorkflowType, arguments...)
		var already *serviceerror.WorkflowExecutionAlreadyStarted
		switch {
		case errors.As(err, &already):
			refuse(w, http.StatusConflict, "The workflow is running already.", already.Error())
		case err != nil:
			slog.Error("start failed", "workflow_id", request.WorkflowID, "error", err)
			refuse(w, http.StatusServiceUnavailable, "Temporal did not take the start.", err.Error())
		default:
			w.Header().Set("Location", "/v1/workflows/"+url.PathEscape(run.GetID()))
			reply(w, http.StatusCreated, "application/json", startReply{
				WorkflowID: run.GetID(), RunID: run.GetRunID(), FirstRunID: run.GetRunID(), Started: true})
		}
	}
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address to listen on")
	address := flag.String("temporal", "127.0.0.1:7233", "Temporal's frontend")
	namespace := flag.String("namespace", "default", "Temporal's namespace")
	flag.Parse()
	logger := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	slog.SetDefault(logger)

	temporal, err := client.Dial(client.Options{
		HostPort: *address, Namespace: *namespace, Logger: log.NewStructuredLogger(logger)})
	if err != nil {
		slog.Error("Temporal cannot be reached", "error", err)
		os.Exit(1)
	}
	defer temporal.Close()

	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/workflows", handleStart(temporal))
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	server := &http.Server{Addr: *listen, Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 75 * time.Second}

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	ended := make(chan struct{})
	go func() {
		<-stop
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
		close(ended)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		slog.Error("cannot serve", "error", err)
		os.Exit(1)
	}
	<-ended
}
