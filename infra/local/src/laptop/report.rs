//! Prints addresses and sign-ins on standard output, once everything runs.

use std::{
    fmt::Write as _,
    io::{Write as _, stdout},
    time::Duration,
};

use super::{Data, Options, accounts::Account, data::shown, functions::Functions};

/// The start of the line that live tests and scripts wait for.
const READY: &str = "Latchkey is ready";

/// Prints the report when everything runs.
pub(super) fn print(
    options: &Options,
    data: &Data,
    functions: &Functions,
    accounts: &[Account],
    took: Duration,
) {
    let mut text = format!(
        "\n  Pages      http://127.0.0.1:{0}\n  API        http://127.0.0.1:{0}/v1\n",
        options.port
    );
    text += &common(options, functions);
    text += &sign_ins(accounts, data);
    text += "\n  Password reset is off: the policy's scope is \"none\". The administrator\n  \
             signs in, opens Administration, selects All, and saves.\n\n";
    tell(text + &format!("{READY} after {} s. Ctrl-C ends it, the data stays.\n", took.as_secs()));
}

/// Prints the report when everything except the functions runs.
pub(super) fn print_without_functions(
    options: &Options,
    data: &Data,
    functions: &Functions,
    accounts: Option<&[Account]>,
) {
    let mut text = "\n".to_owned() + &common(options, functions);
    text += &format!(
        "\n  Now the functions, in another terminal:\n  cargo lambda watch -A 127.0.0.1 -P {} --disable-cors --env-file {}\n",
        options.port,
        shown(functions.environment())
    );
    text += &match accounts {
        Some(accounts) => sign_ins(accounts, data),
        None => "\n  There is no account yet. The first one, after that:\n  \
                 cargo lambda invoke directory -A 127.0.0.1 -P PORT --data-ascii \\\n    \
                 '{\"createFirstAdministrator\":{\"userId\":\"admin@example.com\",\"name\":\"Ada Admin\"}}'\n"
            .replace("PORT", &options.port.to_string()),
    };
    tell(
        text + &format!(
            "\n{READY} for your own `cargo lambda watch`. Ctrl-C ends it, the data stays.\n"
        ),
    );
}

fn common(options: &Options, functions: &Functions) -> String {
    format!(
        "  Inbox      http://127.0.0.1:{}\n  DynamoDB   http://127.0.0.1:{}\n  Variables  {}\n",
        options.standins_port(),
        options.dynamodb_port(),
        shown(functions.environment())
    )
}

fn sign_ins(accounts: &[Account], data: &Data) -> String {
    let mut text = format!("\n  Sign-ins as they were made, kept in {}\n", shown(&data.accounts()));
    for Account { user_id, password, name, administrator, .. } in accounts {
        let role = if *administrator { ", administrator" } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {user_id:<18} {password}   {name}{role}");
    }
    text
}

/// Prints `text`. If the reader has closed the pipe, the process continues.
fn tell(text: String) {
    let _ = stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush());
}
