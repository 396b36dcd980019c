package golem_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem"
)

func TestErrorForms(t *testing.T) {
	const lack = "/payment-api/v1/allocations/validation-error"
	for _, tc := range []struct {
		name   string
		status int
		body   string
		want   string // what follows the call and the status
	}{
		{"message", 404, `{"message":"Demand [d] not found."}`, "Demand [d] not found."},
		{"null message", 404, `{"message":null}`, "not found"},
		{"empty body", 504, ``, "gateway timeout"},
		{"null body", 501, `null`, "not implemented"},
		{"blank body", 500, " \n", "internal server error"},
		{"plain text", 401, `Invalid application key`, "Invalid application key"},
		{"text of several lines", 400, "Query deserialize error:\n  bad\tvalue\n", "Query deserialize error: bad value"},
		{"quoted text", 400, `"no such thing"`, "no such thing"},
		{"message that is no text", 400, `{"message":{"code":7}}`, `{"code":7}`},
		{"other object", 400, `{"error":"bad"}`, `{"error":"bad"}`},
		{"status without a name", 599, ``, "no explanation"},
		{"funds", 400, `{"type":"` + lack + `","instance":"` + lack + `/insufficient-account-funds",
			"detail":"Insufficient funds.","requestedFunds":"2.5","availableFunds":"1.0","reservedFunds":0.5,
			"paymentPlatform":"erc20-hoodi-tglm","address":"0x06d7","requestBody":{"totalAmount":"2.5"}}`,
			"Insufficient funds. (requested 2.5, available 1, reserved 0.5, platform erc20-hoodi-tglm)"},
		{"past timeout", 400, `{"type":"` + lack + `","instance":"` + lack + `/timeout-passed"}`, "timeout-passed"},
		{"platform", 400, `{"type":"/payment-api/v1/allocations/bad-payment-platform","detail":"Payment platform doesn't parse"}`,
			"Payment platform doesn't parse"},
		{"health", 500, `{"type":"/healthcheck/internal-error","title":"Internal error"}`, "Internal error"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := answering(tc.status, tc.body).Accounts(t.Context())
			want := fmt.Sprintf("GET /payment-api/v1/requestorAccounts: %d: %s", tc.status, tc.want)
			if err == nil || err.Error() != want {
				t.Fatalf("error\n got %v\nwant %s", err, want)
			}
			e, ok := errors.AsType[*golem.Error](err)
			if !ok {
				t.Fatalf("error is a %T", err)
			}
			if string(e.Body) != strings.TrimSpace(tc.body) && string(e.Body) != tc.body {
				t.Errorf("Body = %q, want %q", e.Body, tc.body)
			}
		})
	}
}

func TestProblemDetails(t *testing.T) {
	_, err := answering(400, `{"type":"/a/validation-error","instance":"/a/validation-error/insufficient-account-funds",
		"requestedFunds":"2.500","availableFunds":"1"}`).CreateAllocation(t.Context(), golem.NewAllocation{})
	e, ok := errors.AsType[*golem.Error](err)
	if !ok || e.Problem == nil {
		t.Fatalf("error without a problem: %v", err)
	}
	if got, want := e.Problem.Name(), "insufficient-account-funds"; got != want {
		t.Errorf("Name() = %q, want %q", got, want)
	}
	if p := e.Problem; p.RequestedFunds == nil || !p.RequestedFunds.Equal(glm("2.5")) || p.ReservedFunds != nil {
		t.Errorf("funds are %v and %v, want 2.5 and nil", p.RequestedFunds, p.ReservedFunds)
	}
}

func TestHugeErrorIsCut(t *testing.T) {
	_, err := answering(500, strings.Repeat("é", 1<<20)).Accounts(t.Context())
	e, ok := errors.AsType[*golem.Error](err)
	if !ok || len(e.Body) > 16<<10 || len(err.Error()) > 1000 {
		t.Errorf("error of %d bytes, body of %d", len(err.Error()), len(e.Body))
	}
}

func TestErrorClasses(t *testing.T) {
	for _, tc := range []struct {
		status    int
		message   string
		temporary bool
		gone      bool // ActivityGone
		transient bool // AgreementTransient
	}{
		{400, "Invalid amount accepted", false, false, false},
		{401, "Invalid application key", false, false, false},
		{404, "Not found", false, false, false},
		{408, "Timeout", true, false, false},
		{409, "Can't update Agreement state from Proposal to Terminated.", false, false, false},
		{410, "Can't update Agreement state from Pending to Terminated.", true, false, true},
		{410, "Can't update Agreement state from Approving to Terminated.", true, false, true},
		{410, "Can't update Agreement state from Pending to Pending.", false, false, false},
		{410, "Can't update Agreement state from Approved to Cancelled.", false, false, false},
		{410, "Can't update Agreement state from Terminated to Terminated.", false, false, false},
		{429, "", true, false, false},
		{500, "GSB error: remote node did not answer", true, false, false},
		{500, "GSB error: endpoint address not found", true, true, false},
		{500, "Bad request: GSB failure: Net: endpoint address not found", true, true, false},
		{500, "DAO error: Not found: agreement id for activity: 1eff", false, true, false},
		{404, "endpoint address not found", false, false, false},
		{501, "", false, false, false},
		{502, "", true, false, false},
		{503, "", true, false, false},
		{504, "Timeout accepting Invoice on remote Node.", true, false, false},
	} {
		e := &golem.Error{Method: "GET", Path: "/", Status: tc.status, Message: tc.message}
		err := fmt.Errorf("wrap: %w", e)
		if got := e.Temporary(); got != tc.temporary {
			t.Errorf("%v: Temporary() = %t, want %t", e, got, tc.temporary)
		}
		if got := golem.ActivityGone(err); got != tc.gone {
			t.Errorf("%v: ActivityGone = %t, want %t", e, got, tc.gone)
		}
		if got := golem.AgreementTransient(err); got != tc.transient {
			t.Errorf("%v: AgreementTransient = %t, want %t", e, got, tc.transient)
		}
		if golem.StatusOf(err) != tc.status || golem.IsNotFound(err) != (tc.status == 404) || golem.IsGone(err) != (tc.status == 410) ||
			golem.IsTimeout(err) != (tc.status == 408) || golem.IsUnauthorized(err) != (tc.status == 401) || golem.IsUnreachable(err) {
			t.Errorf("%v: the classes by status are wrong", e)
		}
	}
	if golem.StatusOf(nil) != 0 || golem.IsNotFound(nil) || golem.ActivityGone(io.EOF) || golem.AgreementTransient(nil) {
		t.Error("an error that is no *Error has a class")
	}
}

func TestRefusedAllocationIsNotTemporary(t *testing.T) {
	_, err := answering(500, `{"type":"/payment-api/v1/allocations/account-not-registered"}`).Accounts(t.Context())
	if e, ok := errors.AsType[*golem.Error](err); !ok || e.Temporary() {
		t.Errorf("%v is temporary", err)
	}
}

func TestKeyStaysOutOfErrors(t *testing.T) {
	echo := through(func(r *http.Request) (*http.Response, error) {
		return response(400, `{"message":"you sent `+r.Header.Get("Authorization")+`"}`), nil
	})
	broken := through(func(r *http.Request) (*http.Response, error) { return nil, errors.New("connection reset") })
	odd := &golem.Client{AppKey: testKey + "\n"}
	for name, c := range map[string]*golem.Client{"echo": echo, "broken": broken, "odd": odd} {
		_, err := c.Me(t.Context())
		if err == nil {
			t.Fatalf("%s: no error", name)
		}
		text := fmt.Sprintf("%v %+v %#v", err, err, err)
		if e, ok := errors.AsType[*golem.Error](err); ok {
			text += string(e.Body)
		}
		if strings.Contains(text, testKey) {
			t.Errorf("%s: the key is in %s", name, text)
		}
	}
}

func TestUnreachable(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, `{"identity":`)
	}))
	defer cut.Close()
	for name, url := range map[string]string{"nobody listens": "http://" + closed.Addr().String(), "answer cut off": cut.URL} {
		c := &golem.Client{BaseURL: url, AppKey: testKey}
		_, err := c.Me(t.Context())
		if !golem.IsUnreachable(err) || golem.StatusOf(err) != 0 {
			t.Errorf("%s: IsUnreachable(%v) is false", name, err)
		}
		c.CloseIdleConnections()
	}
}

func TestNonsenseIsNoResult(t *testing.T) {
	for _, body := range []string{`<html>`, `{"identity":7}`, `[]`, `{"identity":"0x`} {
		if id, err := answering(200, body).Me(t.Context()); err == nil || golem.IsUnreachable(err) {
			t.Errorf("%s gave %v, %v", body, id, err)
		}
	}
}

// silent is a daemon that never answers.
func silent(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestCallDeadline(t *testing.T) {
	const answerMargin = 8 * time.Second
	for _, tc := range []struct {
		name string
		call func(context.Context, *golem.Client) error
		want time.Duration
	}{
		{"plain call", func(ctx context.Context, c *golem.Client) error { _, err := c.Me(ctx); return err }, 30 * time.Second},
		{"counter", func(ctx context.Context, c *golem.Client) error {
			_, err := c.CounterProposal(ctx, "d", "p", golem.DemandSpec{})
			return err
		}, 75 * time.Second},
		{"long poll", func(ctx context.Context, c *golem.Client) error {
			_, err := c.CollectOffers(ctx, "d", time.Minute, 0)
			return err
		}, time.Minute + answerMargin},
		{"negative poll", func(ctx context.Context, c *golem.Client) error {
			_, err := c.CollectOffers(ctx, "d", -time.Hour, 0)
			return err
		}, answerMargin},
		{"accept", func(ctx context.Context, c *golem.Client) error {
			return c.AcceptInvoice(ctx, "i", golem.Acceptance{}, 0)
		}, 15*time.Second + answerMargin},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				err := tc.call(t.Context(), through(silent))
				if got := time.Since(began); got != tc.want {
					t.Errorf("gave up after %v, want %v", got, tc.want)
				}
				if !golem.IsUnreachable(err) || errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error is %v, want one that is unreachable and not the caller's deadline", err)
				}
			})
		})
	}
}

func TestCallersContextEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopping := errors.New("stopping")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(stopping) })
		_, err := through(silent).Me(ctx)
		if !errors.Is(err, stopping) || golem.IsUnreachable(err) {
			t.Errorf("error is %v, want the cause of the caller's context", err)
		}
		late, cancelLate := context.WithTimeout(t.Context(), time.Second)
		defer cancelLate()
		if _, err := through(silent).Me(late); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v, want the caller's deadline", err)
		}
	})
}
