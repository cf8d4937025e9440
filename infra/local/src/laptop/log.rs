//! Prints the output of the functions, `cargo lambda watch` and cargo for a
//! developer: each log event of a function as one line, in colour on a terminal,
//! and compiler messages and panics unchanged. Hides metrics and the routine
//! messages of cargo, `cargo lambda` and the Lambda runtime.

use std::io::{IsTerminal, Write, stderr};

use serde_json::{Map, Value};

/// Starts of lines that cargo writes whenever it starts a function that is already built.
const CARGO_ROUTINE: [&str; 3] = ["Finished `", "Running `", "Blocking waiting for file lock"];
/// Starts of lines that `cargo lambda` writes when it starts a function, or stops
/// one to start its next build.
const CARGO_LAMBDA_ROUTINE: [&str; 2] = [" INFO ", "ERROR command killed code=ForceStop"];

/// Fields of a log event that the line shows elsewhere, and fields that every line
/// repeats or that only matter for a deployed function.
const PLACED_OR_HIDDEN: [&str; 14] = [
    "timestamp",
    "level",
    "function",
    "event",
    "outcome",
    "status",
    "method",
    "route",
    "milliseconds",
    "supportCode",
    "requestId",
    "version",
    "functionVersion",
    "target",
];

/// The length of the longest function name.
const FUNCTION_WIDTH: usize = 15;

/// Terminal colour codes.
#[derive(Clone, Copy)]
enum Colour {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Cyan = 36,
    Grey = 90,
}

/// The settings for printing lines.
pub(super) struct Printer {
    json: bool,
    colours: bool,
}

impl Printer {
    /// With `json`, prints lines as they are written. Otherwise uses colours if
    /// standard error is a terminal, unless `NO_COLOR` (no-color.org) is set.
    pub(super) fn new(json: bool) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { json, colours: !json && !refused && stderr().is_terminal() }
    }

    pub(super) fn colours(&self) -> bool {
        self.colours
    }

    /// Prints a line of output to standard error, unless it is hidden.
    pub(super) fn print(&self, line: &str) {
        if let Some(shown) = self.shown(line) {
            // The process continues if the terminal is closed.
            let _ = writeln!(stderr(), "{}{shown}", rewind());
        }
    }

    /// Returns the line as it is printed; `None` if it is hidden.
    fn shown(&self, line: &str) -> Option<String> {
        if self.json {
            return Some(line.to_owned());
        }
        match serde_json::from_str::<Map<String, Value>>(line) {
            Ok(event) if event.contains_key("event") => self.event(&event),
            Ok(metrics) if metrics.contains_key("_aws") => None,
            _ => (!is_routine(line)).then(|| line.to_owned()),
        }
    }

    fn event(&self, event: &Map<String, Value>) -> Option<String> {
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
        let of_library = text("event") == "library";
        if of_library && text("level") == "WARN" && text("target").starts_with("lambda_runtime") {
            return None;
        }
        let colour = match text("level") {
            "ERROR" => Colour::Red,
            _ if event.get("status").and_then(Value::as_u64) >= Some(500) => Colour::Red,
            "WARN" => Colour::Yellow,
            _ if text("outcome") == "ok" => Colour::Green,
            _ => Colour::Yellow,
        };
        // The clock time of, for example, 2026-01-01T12:34:56.789012Z.
        let time = text("timestamp").get(11..23).unwrap_or_default();
        let mut parts = vec![
            self.paint(Colour::Grey, time),
            self.paint(Colour::Cyan, &format!("{:<FUNCTION_WIDTH$}", text("function"))),
            text("event").to_owned(),
            self.paint(colour, text("outcome")),
        ];
        parts.extend(event.get("status").map(|status| self.paint(colour, &plain(status))));
        parts.extend(["method", "route"].iter().filter_map(|name| event.get(*name)).map(plain));
        parts.extend(event.get("milliseconds").map(|ms| format!("{ms} ms")));
        parts.extend(event.get("supportCode").map(plain));
        let others = event.iter().filter(|(name, _)| !PLACED_OR_HIDDEN.contains(&name.as_str()));
        parts.extend(others.map(|(name, value)| format!("{name}={}", plain(value))));
        if of_library {
            parts.push(format!("target={}", text("target")));
        }
        Some(parts.join(" "))
    }

    fn paint(&self, colour: Colour, text: &str) -> String {
        if self.colours { format!("\x1b[{}m{text}\x1b[0m", colour as u8) } else { text.to_owned() }
    }
}

/// Whether every start of a function writes this line.
fn is_routine(line: &str) -> bool {
    let line = without_colours(line);
    CARGO_LAMBDA_ROUTINE.iter().any(|routine| line.starts_with(routine))
        || CARGO_ROUTINE.iter().any(|routine| line.trim_start().starts_with(routine))
}

fn without_colours(line: &str) -> String {
    let mut parts = line.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain += part.split_once('m').map_or(part, |(_, rest)| rest);
    }
    plain
}

/// Formats a value: a text without quotes, unless it contains white space or
/// control characters.
fn plain(value: &Value) -> String {
    match value.as_str() {
        Some(text) if text.chars().all(|c| !c.is_control() && !c.is_whitespace()) => {
            text.to_owned()
        }
        Some(text) => format!("\"{}\"", text.escape_debug()),
        None => value.to_string(),
    }
}

/// Returns the control codes that move to the start of a terminal's line and clear it.
pub(super) fn rewind() -> &'static str {
    if stderr().is_terminal() { "\r\x1b[K" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWERED: &str = r#"{"timestamp":"2026-11-27T04:39:44.582579Z","level":"INFO","event":"answered","outcome":"signInRequired","supportCode":"BZR65-JRVYP","method":"GET","route":"/v1/users","status":401,"milliseconds":0.2,"requestId":"0f492920","function":"directory","version":"0.1.0","functionVersion":"1","target":"platform::http::answered"}"#;
    const WARNED: &str = r#"{"timestamp":"2026-11-27T04:39:38.879772Z","level":"WARN","event":"library","outcome":"noted","message":"AWS_LAMBDA_MAX_CONCURRENCY is set to '1', but","function":"reset","version":"0.1.0","functionVersion":"1","target":"lambda_runtime::runtime"}"#;
    const METRICS: &str = r#"{"_aws":{"Timestamp":1},"Latency":1,"Function":"reset","requestId":"1","version":"0.1.0","functionVersion":"1"}"#;

    fn shown(line: &str) -> Option<String> {
        Printer { json: false, colours: false }.shown(line)
    }

    #[test]
    fn an_event_is_one_short_line() {
        assert_eq!(
            shown(ANSWERED).unwrap(),
            "04:39:44.582 directory       answered signInRequired 401 GET /v1/users 0.2 ms BZR65-JRVYP"
        );
    }

    #[test]
    fn fields_without_a_place_are_shown_by_name() {
        let line = r#"{"timestamp":"2026-11-27T04:39:44.582579Z","level":"ERROR","event":"tableUnavailable","outcome":"unavailable","operation":"GetItem","tries":3,"cause":"connect: \u001b[2Jrefused","function":"verify"}"#;
        let shown = shown(line).unwrap();
        assert!(shown.contains("verify          tableUnavailable unavailable "), "{shown}");
        assert!(shown.contains(" operation=GetItem"), "{shown}");
        assert!(shown.contains(" tries=3"), "{shown}");
        // A logged text cannot send control codes to the terminal.
        assert!(shown.contains(r#" cause="connect: \u{1b}[2Jrefused""#), "{shown}");
    }

    #[test]
    fn colours_tell_how_it_ended() {
        let printer = Printer { json: false, colours: true };
        let outcome = |line: &str| printer.shown(line).unwrap();
        assert!(outcome(ANSWERED).contains("\x1b[33msignInRequired\x1b[0m \x1b[33m401\x1b[0m"));
        let ok = ANSWERED.replace("signInRequired", "ok").replace("401", "200");
        assert!(outcome(&ok).contains("\x1b[32mok\x1b[0m \x1b[32m200\x1b[0m"));
        let fault = ANSWERED.replace("signInRequired", "unavailable").replace("401", "503");
        assert!(outcome(&fault).contains("\x1b[31munavailable\x1b[0m \x1b[31m503\x1b[0m"));
    }

    #[test]
    fn metrics_and_routine_messages_are_hidden() {
        for line in [
            METRICS,
            WARNED,
            " INFO starting Runtime server runtime_addr=127.0.0.1:9000",
            "\x1b[31mERROR\x1b[0m command killed \x1b[3mcode\x1b[0m\x1b[2m=\x1b[0mForceStop",
            "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.23s",
            "\x1b[1m\x1b[92m     Running\x1b[0m `target/debug/reset`",
            "    Blocking waiting for file lock on build directory",
        ] {
            assert_eq!(shown(line), None, "{line}");
        }
    }

    #[test]
    fn errors_compilers_and_panics_are_shown_as_they_are() {
        for line in [
            "ERROR command exited code=101",
            " WARN something else",
            "\x1b[1m\x1b[91merror[E0308]\x1b[0m: mismatched types",
            "   Compiling domain v0.1.0 (shared/domain)",
            "thread 'main' panicked at functions/reset/src/main.rs:9:5:",
            "{\"half\": a line",
            "",
        ] {
            assert_eq!(shown(line).as_deref(), Some(line));
        }
        // The runtime's own errors are not routine.
        let failed = shown(&WARNED.replace("WARN", "ERROR")).unwrap();
        assert!(failed.contains("AWS_LAMBDA_MAX_CONCURRENCY"), "{failed}");
        assert!(failed.ends_with("target=lambda_runtime::runtime"), "{failed}");
    }

    #[test]
    fn json_is_printed_as_it_is_written() {
        let printer = Printer { json: true, colours: false };
        for line in [ANSWERED, WARNED, METRICS, " INFO starting Runtime server"] {
            assert_eq!(printer.shown(line).as_deref(), Some(line));
        }
    }
}
