package policies

import (
	"math"
	"time"

	"tasks/golem"
)

// Never stands for "longer ago than anything": the LastFailure of a provider
// that has not failed.
const Never = time.Duration(math.MaxInt64)

// Run is the run as expressions see it. The runner fills it in; amounts are GLM.
type Run struct {
	ID            string        `expr:"id" doc:"identifier of the run"`
	Name          string        `expr:"name" doc:"name of the spec"`
	Age           time.Duration `expr:"age" doc:"time since the run started"`
	Pending       int           `expr:"pending" doc:"tasks read and not started"`
	Running       int           `expr:"running" doc:"tasks being tried now"`
	Done          int           `expr:"done" doc:"tasks that ended well"`
	Failed        int           `expr:"failed" doc:"tasks given up"`
	Results       int           `expr:"results" doc:"results kept so far"`
	Workers       int           `expr:"workers" doc:"workers alive now"`
	Spent         float64       `expr:"spent" doc:"GLM accepted for payment so far"`
	Reserved      float64       `expr:"reserved" doc:"GLM set aside for what is running"`
	CostPerResult float64       `expr:"cost_per_result" doc:"GLM spent for one result; infinite when there is cost and no result"`
	Now           time.Time     `expr:"now" doc:"the time of the decision"`
}

// Offer is a provider's offer as expressions see it; NewOffer reads one.
type Offer struct {
	ID           string         `expr:"id" doc:"identifier of the proposal"`
	Provider     ProviderRef    `expr:"provider" doc:"who offers"`
	Price        Price          `expr:"price" doc:"what it costs"`
	CPU          CPU            `expr:"cpu" doc:"the processor"`
	Memory       float64        `expr:"memory" doc:"memory in GiB"`
	Storage      float64        `expr:"storage" doc:"disk space in GiB"`
	Runtime      string         `expr:"runtime" doc:"runtime, such as \"vm\""`
	Version      string         `expr:"version" doc:"version of the runtime"`
	Capabilities []string       `expr:"capabilities" doc:"capabilities of the runtime, such as \"vpn\""`
	Subnet       string         `expr:"subnet" doc:"part of the network"`
	Properties   map[string]any `expr:"properties" doc:"everything the offer says, by its full key"`
}

// ProviderRef says whose an offer is.
type ProviderRef struct {
	ID   string `expr:"id" doc:"node identifier, \"0x\" and 40 hex digits"`
	Name string `expr:"name" doc:"the name the provider gave itself"`
}

// Price is the price formula of an offer, in GLM.
type Price struct {
	Start       float64 `expr:"start" doc:"GLM for the start of an activity"`
	CPUSec      float64 `expr:"cpu_sec" doc:"GLM for a second of CPU time of one thread"`
	DurationSec float64 `expr:"duration_sec" doc:"GLM for a second of time"`
	Hour        float64 `expr:"hour" doc:"GLM for an hour with all threads busy, the start included"`
	Busy        float64 `expr:"busy" doc:"GLM for an hour of work, the start included: with as many threads busy as tasks of runs of this name with this payload have kept busy, one while nobody knows"`
}

// CPU is the processor of an offer.
type CPU struct {
	Cores        int      `expr:"cores" doc:"number of cores"`
	Threads      int      `expr:"threads" doc:"number of threads"`
	Arch         string   `expr:"arch" doc:"architecture, such as \"x86_64\""`
	Brand        string   `expr:"brand" doc:"brand and model as the maker writes them"`
	Vendor       string   `expr:"vendor" doc:"maker, such as \"GenuineIntel\""`
	Capabilities []string `expr:"capabilities" doc:"features, such as \"avx2\""`
}

// Provider is what we know of a provider from our own dealings with it, in this
// run and those before.
type Provider struct {
	ID            string        `expr:"id" doc:"node identifier"`
	Name          string        `expr:"name" doc:"the name the provider gave itself"`
	Failures      int           `expr:"failures" doc:"attempts that failed by the provider's fault"`
	Successes     int           `expr:"successes" doc:"attempts that ended well"`
	Refusals      int           `expr:"refusals" doc:"agreements it refused or let expire"`
	Results       int           `expr:"results" doc:"results it gave us"`
	Cost          float64       `expr:"cost" doc:"GLM accepted for it"`
	CostPerResult float64       `expr:"cost_per_result" doc:"GLM for one result; infinite when there is cost and no result"`
	LastFailure   time.Duration `expr:"last_failure" doc:"time since its last failure; longer than anything when there was none"`
	Speed         float64       `expr:"speed" doc:"how fast its machines do tasks of runs of this name with this payload: 1 is the median of the providers that were tried; one that was not is taken to be faster than 85 % of them"`
	Recent        Recent        `expr:"recent" doc:"what it did in runs of this name with this payload; what is old counts for less"`
}

// Activity is a worker as expressions see it.
type Activity struct {
	ID            string        `expr:"id" doc:"identifier of the activity"`
	Age           time.Duration `expr:"age" doc:"time since it was created"`
	Idle          time.Duration `expr:"idle" doc:"time since its last batch ended; 0 while one runs"`
	State         string        `expr:"state" doc:"state, such as \"ready\""`
	Batches       int           `expr:"batches" doc:"batches it has run"`
	Results       int           `expr:"results" doc:"results it has given"`
	Failures      int           `expr:"failures" doc:"attempts that failed on it"`
	Cost          float64       `expr:"cost" doc:"GLM billed for it so far"`
	CostPerResult float64       `expr:"cost_per_result" doc:"GLM for one result of its own; infinite when there is cost and no result, 0 when there is neither"`
	Saving        float64       `expr:"saving" doc:"GLM that the best offer of the market would save in its place until the run ends; 0 while a change is not worth its cost"`
}

// Faults of an Attempt.
const (
	FaultTask     = "task"     // the program said no
	FaultProvider = "provider" // the provider broke, vanished or refused
	FaultTimeout  = "timeout"  // the stage's timeout passed
)

// Attempt is a try of a task that has failed.
type Attempt struct {
	Number    int           `expr:"number" doc:"which try of the task this was, from 1"`
	Fault     string        `expr:"fault" doc:"whose fault: \"task\", \"provider\", \"timeout\", or \"\" when nobody knows"`
	ExitCode  int           `expr:"exit_code" doc:"exit code of the failed command, 0 when it did not exit"`
	Message   string        `expr:"message" doc:"what went wrong"`
	Stdout    string        `expr:"stdout" doc:"standard output of the failed command"`
	Stderr    string        `expr:"stderr" doc:"standard error of the failed command"`
	Duration  time.Duration `expr:"duration" doc:"how long the try took"`
	Providers int           `expr:"providers" doc:"on how many different providers the task has failed, this one included"`
}

// Task is a task as expressions see it. When Item is a map, its keys are names of
// the task too: task.mask is task.item.mask. A key that is also one of the names
// below is reached by task.item alone.
type Task struct {
	ID      int64  `expr:"id" doc:"number of the task, unique in the database"`
	Stage   string `expr:"stage" doc:"name of its stage"`
	Item    any    `expr:"item" doc:"the item it was made from; where that is a map, task.key is short for task.item.key"`
	Index   int64  `expr:"index" doc:"place of the item in its source, from 0"`
	Attempt int    `expr:"attempt" doc:"which try this is, from 1"`
}

// Output is what one step of an attempt printed.
type Output struct {
	Stdout   string `expr:"stdout" doc:"standard output of the step"`
	Stderr   string `expr:"stderr" doc:"standard error of the step"`
	ExitCode int    `expr:"exit_code" doc:"exit code of the step"`
}

// Downloaded is a file that a step of an attempt brought to this computer.
type Downloaded struct {
	Path string `expr:"path" doc:"where it is now"`
	Size int64  `expr:"size" doc:"how many bytes it has"`
	Text string `expr:"text" doc:"what is in it; a task whose policies use this fails over a file of more than 1 MiB"`
}

// OfferEnv is what offer.accept and offer.score see. MaxPrice is GLM for one
// result as the run's max_price gives it now, nil for none.
type OfferEnv struct {
	Offer    Offer    `expr:"offer" doc:"the offer"`
	Provider Provider `expr:"provider" doc:"our own history with its provider"`
	Run      Run      `expr:"run" doc:"the run"`
	MaxPrice *float64 `expr:"max_price" doc:"GLM for one result; there is no such name where the document sets none"`
}

// ActivityEnv is what activity.prepare, activity.keep and activity.reuse see.
type ActivityEnv struct {
	Activity Activity `expr:"activity" doc:"the worker"`
	Offer    Offer    `expr:"offer" doc:"the offer it was hired by"`
	Provider Provider `expr:"provider" doc:"our own history with its provider"`
	Run      Run      `expr:"run" doc:"the run"`
	MaxPrice *float64 `expr:"max_price" doc:"GLM for one result; there is no such name where the document sets none"`
}

// AttemptEnv is what task.retry sees.
type AttemptEnv struct {
	Attempt  Attempt  `expr:"attempt" doc:"the try that failed"`
	Task     Task     `expr:"task" doc:"the task"`
	Provider Provider `expr:"provider" doc:"our own history with the provider it failed on"`
	Run      Run      `expr:"run" doc:"the run"`
}

// TaskEnv is what the commands of a task see.
type TaskEnv struct {
	Task   Task                  `expr:"task" doc:"the task"`
	Run    Run                   `expr:"run" doc:"the run"`
	Stages map[string]EndedStage `expr:"stages" doc:"the stages that this one waited for, by their names; there is no such name where it has no after"`
}

// ResultEnv is what task.result sees when an attempt ended well, and, with the
// result it gave, what emit and results.count see.
type ResultEnv struct {
	Task     Task          `expr:"task" doc:"the task"`
	Run      Run           `expr:"run" doc:"the run"`
	Provider Provider      `expr:"provider" doc:"our own history with the provider that ran it"`
	Stdout   string        `expr:"stdout" doc:"standard output of the last step that is a run"`
	Stderr   string        `expr:"stderr" doc:"standard error of the last step that is a run"`
	ExitCode int           `expr:"exit_code" doc:"exit code of the last step that is a run"`
	Duration time.Duration `expr:"duration" doc:"how long the attempt took"`
	Steps    []Output      `expr:"steps" doc:"what every step printed, steps[0] first"`

	Downloads []Downloaded `expr:"downloads" doc:"the files that came to this computer, downloads[0] first"`

	Stages map[string]EndedStage `expr:"stages" doc:"the stages that this one waited for, by their names; there is no such name where it has no after"`
}

// runEnv is what workers, budget, max_price and results.file see.
type runEnv struct {
	Run Run `expr:"run" doc:"the run"`
}

// keptEnv is a ResultEnv with the value that was kept.
type keptEnv struct {
	ResultEnv `expr:"-"`
	Result    any `expr:"result" doc:"the result that was kept"`
}

// CostPerResult is the rule for every cost_per_result above: cost in GLM, how
// much of it for one result; infinite for cost without a result, so that a worker
// that only costs is never exempt, and 0 for neither.
func CostPerResult(cost golem.Amount, results int) float64 {
	spent, _ := cost.Float64()
	switch {
	case results > 0:
		return spent / float64(results)
	case spent > 0:
		return math.Inf(1)
	}
	return 0
}
