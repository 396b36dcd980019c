package devnet

import "net/http"

// routes lists every endpoint; anything else is 404 with an empty body.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, h := range map[string]handler{
		"GET /me":             s.me,
		"GET /version/get":    s.version,
		"GET /healthcheck":    s.healthcheck,
		"GET " + registryPath: s.imageInfo,

		"GET " + netAPI + "status": s.netStatus,

		"POST " + busAPI:             s.bindService,
		"DELETE " + busAPI + "/{id}": s.unbindService,

		"POST " + marketAPI + "demands":                          s.publishDemand,
		"GET " + marketAPI + "demands":                           s.listDemands,
		"DELETE " + marketAPI + "demands/{d}":                    s.deleteDemand,
		"GET " + marketAPI + "demands/{d}/events":                s.collectOffers,
		"POST " + marketAPI + "demands/{d}/proposals/{p}":        s.counterProposal,
		"GET " + marketAPI + "demands/{d}/proposals/{p}":         s.getProposal,
		"POST " + marketAPI + "demands/{d}/proposals/{p}/reject": s.rejectProposal,
		"POST " + marketAPI + "agreements":                       s.createAgreement,
		"GET " + marketAPI + "agreements":                        s.listAgreements,
		"GET " + marketAPI + "agreements/{a}":                    s.getAgreement,
		"POST " + marketAPI + "agreements/{a}/confirm":           s.confirmAgreement,
		"POST " + marketAPI + "agreements/{a}/wait":              s.waitForApproval,
		"POST " + marketAPI + "agreements/{a}/cancel":            s.cancelAgreement,
		"POST " + marketAPI + "agreements/{a}/terminate":         s.terminateAgreement,
		"GET " + marketAPI + "agreements/{a}/terminate/reason":   s.terminateReason,
		"GET " + marketAPI + "agreementEvents":                   s.listAgreementEvents,
		"POST " + marketAPI + "scan":                             s.beginScan,
		"GET " + marketAPI + "scan/{s}/events":                   s.collectScan,
		"DELETE " + marketAPI + "scan/{s}":                       s.endScan,

		"POST " + activityAPI:                            s.createActivity,
		"GET " + activityAPI:                             s.listActivities,
		"DELETE " + activityAPI + "/{id}":                s.destroyActivity,
		"POST " + activityAPI + "/{id}/exec":             s.exec,
		"GET " + activityAPI + "/{id}/exec/{batch}":      s.batchResults,
		"GET " + activityAPI + "/{id}/state":             s.activityState,
		"GET " + activityAPI + "/{id}/usage":             s.activityUsage,
		"GET " + activityAPI + "/{id}/command":           s.activityCommand,
		"GET " + activityAPI + "/{id}/agreement":         s.activityAgreement,
		"POST " + activityAPI + "/{id}/encrypted":        unsupported,
		activityAPI + "/{id}/proxy-http/{path...}":       unsupported,
		"GET " + paymentAPI + "requestorAccounts":        s.requestorAccounts,
		"GET " + paymentAPI + "demandDecorations":        s.demandDecorations,
		"POST " + paymentAPI + "allocations":             s.createAllocation,
		"GET " + paymentAPI + "allocations":              s.listAllocations,
		"GET " + paymentAPI + "allocations/{id}":         s.getAllocation,
		"PUT " + paymentAPI + "allocations/{id}":         s.amendAllocation,
		"DELETE " + paymentAPI + "allocations/{id}":      s.releaseAllocation,
		"GET " + paymentAPI + "debitNotes":               s.listDebitNotes,
		"GET " + paymentAPI + "debitNotes/{id}":          s.getDebitNote,
		"GET " + paymentAPI + "debitNoteEvents":          s.listDebitNoteEvents,
		"POST " + paymentAPI + "debitNotes/{id}/accept":  s.acceptDebitNote,
		"POST " + paymentAPI + "debitNotes/{id}/reject":  unimplemented,
		"POST " + paymentAPI + "debitNotes/{id}/cancel":  unimplemented,
		"GET " + paymentAPI + "debitNotes/{id}/payments": unimplemented,
		"GET " + paymentAPI + "invoices":                 s.listInvoices,
		"GET " + paymentAPI + "invoices/{id}":            s.getInvoice,
		"GET " + paymentAPI + "invoiceEvents":            s.listInvoiceEvents,
		"POST " + paymentAPI + "invoices/{id}/accept":    s.acceptInvoice,
		"POST " + paymentAPI + "invoices/{id}/reject":    s.rejectInvoice,
		"GET " + paymentAPI + "invoices/{id}/payments":   s.invoicePayments,
		"GET " + paymentAPI + "payments":                 s.listPayments,
		"GET " + paymentAPI + "payments/status":          s.paymentStatus,
		"GET " + paymentAPI + "payments/{id}":            s.getPayment,
		"GET " + paymentAPI + "batchCycles":              s.listCycles,
		"GET " + paymentAPI + "batchCycle/{platform}":    s.getCycle,
		"POST " + paymentAPI + "batchCycle":              unsupported,

		"POST " + paymentAPI + "batchCycle/{platform}/now":    s.payNow,
		"GET " + paymentAPI + "allocations/{id}/expenditures": s.listExpenditures,
	} {
		mux.Handle(pattern, h)
	}
	mux.HandleFunc(gftpPath, s.gftpRegister)
	mux.HandleFunc("GET "+busAPI+"/{id}", s.serveBus)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	return mux
}

// Prefixes of the APIs (protocol section 1.1).
const (
	marketAPI   = "/market-api/v1/"
	activityAPI = "/activity-api/v1/activity"
	paymentAPI  = "/payment-api/v1/"
	netAPI      = "/net-api/v2/net/"
)

// unsupported answers what a daemon has and the devnet has not.
func unsupported(*http.Request) (answer, error) {
	return answer{}, refuse(http.StatusNotImplemented, "not supported by this devnet")
}
