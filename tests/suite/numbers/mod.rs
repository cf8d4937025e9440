//! Lists the tests of each number of the product at both ends of its range: `policy.rs`
//! shows that each number is accepted at both ends and refused beyond; the other files
//! show how the rule behaves one below, at, and one above the number. A test in this
//! file checks the list.
//!
//! | number | shown by |
//! |---|---|
//! | each number of the policy | `numbers::policy::each_number_is_accepted_at_both_ends_and_refused_one_beyond_in_both_languages` `numbers::policy::a_value_that_is_no_whole_number_of_32_bits_is_refused_with_its_pointer` `numbers::policy::all_minimums_and_all_maximums_are_saved_as_written` `numbers::policy::before_the_first_save_the_numbers_are_the_products` |
//! | scope: groups, `/scope/groups` | `numbers::time::one_or_fifty_groups_set_the_scope` `policy::the_scope_decides_who_may_reset_and_who_is_asked_to_register` |
//! | kinds of method allowed, `/methods` | `numbers::time::a_reset_needs_the_policys_number_of_kinds_and_staff_need_two` `eligibility::who_may_reset` |
//! | kinds required to reset, `/kindsRequired` | `numbers::time::a_reset_needs_the_policys_number_of_kinds_and_staff_need_two` |
//! | kinds required for administrators and the help desk | `numbers::time::a_reset_needs_the_policys_number_of_kinds_and_staff_need_two` `eligibility::who_may_reset` |
//! | kinds to register before `finish` | `numbers::time::registration_needs_as_many_kinds_as_a_reset` |
//! | days a user may postpone, `/registration/postponeDays` | `numbers::registration_is_postponed_for_at_most_zero_or_ninety_days` `registration::registration_may_be_postponed_until_the_policys_days_are_over` `registration::zero_days_allow_no_postponement_and_more_than_ninety_are_refused` |
//! | days until reconfirmation, `/registration/reconfirmDays` | `numbers::methods_are_reconfirmed_never_after_a_day_or_after_two_years` `registration::methods_must_be_reconfirmed_when_the_policys_days_are_over` |
//! | code length, `/code/digits` | `numbers::code::a_code_has_the_policys_number_of_digits` `code::a_code_has_the_digits_its_challenge_names` |
//! | code lifetime, `/code/lifetimeMinutes` | `numbers::code::a_code_ends_exactly_at_the_policys_lifetime` `expiry::a21_a_code_of_a_registration_ends_exactly_too` |
//! | guesses per code, `/code/guesses` | `numbers::code::a_code_allows_the_policys_number_of_guesses` |
//! | failed guesses per account, `/limits/failedGuesses` | `numbers::count::reset_closes_at_exactly_the_policys_number_of_failed_guesses` |
//! | failed guesses, mails and SMS of known devices | `budgets::a13_each_kind_each_number_and_all_devices_together_are_charged_exactly_their_budget` `sends::known_devices_have_three_mails_in_ten_minutes_and_two_sms_an_hour_and_then_share` `sends::known_devices_have_ten_mails_in_24_hours_and_then_share` |
//! | live codes of a ledger | `sends::i20_two_other_callers_do_not_end_the_owners_code_and_a_fourth_code_ends_the_oldest` |
//! | failed guesses at registration, `/limits/failedRegistrationGuesses` | `numbers::count::failed_guesses_at_registration_have_their_own_count_and_never_close_reset` |
//! | the end of the count | `numbers::count::a_failed_guess_leaves_after_24_hours_and_a_full_count_24_hours_after_its_last_guess` `numbers::count::only_a_completed_reset_ends_the_count` `helpdesk::unlocking_ends_the_lockout_and_both_counts_of_failed_guesses` |
//! | wait before another code, `/limits/resendWaitSeconds` | `numbers::send::the_policys_wait_before_another_code_doubles_up_to_eight_minutes` `ledger::another_code_of_a_kind_waits_longer_each_time` |
//! | SMS per account, `/limits/smsPerHour` | `numbers::send::an_account_gets_the_policys_number_of_codes_in_a_sliding_window` |
//! | mails per account, `/limits/mailsPerTenMinutes` | `numbers::send::an_account_gets_the_policys_number_of_codes_in_a_sliding_window` |
//! | mails of an account in 24 hours, `/limits/mailsPerDay` | `numbers::send::an_account_gets_the_policys_number_of_mails_in_24_hours` `ledger::sends_are_counted_in_sliding_windows` |
//! | sends per destination | `numbers::send::a_shared_address_gets_the_policys_number_of_codes_in_a_sliding_window` `sms_limits::a54_one_number_of_twenty_accounts_gets_exactly_its_limit_in_an_hour` |
//! | starts and sends per source address | `numbers::source::a_source_gets_the_operators_number_of_starts_and_sends_in_a_sliding_hour` `numbers::source::of_300_starts_and_300_sends_at_once_exactly_the_limit_pass` `source::a_source_never_passes_its_limit_and_is_refused_only_when_it_is_full` `numbers::source::a_limit_of_100_000_is_exact` `numbers::source::the_operators_limits_have_a_range_too` `mail::a15_only_the_address_that_the_gateway_saw_is_counted` |
//! | failed sign-ins per source address | `failed_sign_ins::a68_a_source_is_refused_after_the_operators_number_of_failed_sign_ins_in_a_sliding_hour` `numbers::source::the_operators_limits_have_a_range_too` |
//! | SMS a day, `/limits/smsPerDay` | `numbers::budget::the_days_sms_are_spent_exactly_and_then_refused_to_all` `sms_limits::a_budget_of_zero_makes_sms_unavailable_at_once` |
//! | SMS a day and country, `/limits/smsPerCountryAndDay` | `numbers::budget::a_countrys_sms_are_spent_exactly_and_then_dropped_silently` |
//! | reset lifetime, `/resetLifetimeMinutes` | `numbers::time::a_reset_ends_exactly_at_the_policys_lifetime` `expiry::a21_a_code_does_not_outlive_its_reset` |
//! | session: registration only, full, idle | `expiry::a_session_for_registration_alone_ends_after_twenty_minutes` `expiry::a21_a_full_session_ends_after_twelve_hours_however_much_it_is_used` `expiry::a21_an_unused_session_ends_after_an_hour` `sessions::the_use_of_a_session_is_stored_at_most_every_five_minutes` |
//! | password proof | `sessions::changing_methods_asks_for_the_password_again_after_twenty_minutes` |
//! | sign-in lockout, `/limits/wrongPasswords` | `numbers::password::sign_in_waits_after_the_policys_number_of_wrong_passwords` `lockout::the_threshold_is_the_policys` `lockout::the_tenth_wrong_password_makes_sign_in_wait_a_minute_and_each_further_one_twice_as_long` |
//! | password length, `/password/minimumLength` | `numbers::password::a_password_has_the_policys_minimum_length_and_at_most_256` `password::length_is_counted_in_code_points` `passwords::a45_every_character_of_a_password_counts` |
//! | password strength | `password::a_hundred_million_guesses_are_the_least` `password::the_accounts_own_data_adds_no_strength` `corpus::each_of_500_passwords_that_attackers_try_is_refused` `corpus::each_of_500_random_passwords_passphrases_and_sentences_is_accepted` |
//! | time and size of the answer about a breached password | `breached::every_failure_is_one_and_is_logged_without_the_password` |
//! | the organisation's terms | `terms::a_thousand_terms_of_sixteen_chinese_characters_fit` `terms::an_invalid_list_of_terms_is_refused_with_the_place_of_each_error` `terms::a_term_has_four_to_sixteen_characters_and_is_listed_once` `terms::a_list_has_at_most_a_thousand_terms` |
//! | temporary password | `expiry::a21_a_temporary_password_signs_in_for_seven_days` `temporary_passwords::a_temporary_password_must_be_changed_and_ends_after_seven_days` |
//! | organisation | `numbers::policy::the_organisations_texts_keep_to_the_products_lengths` `policy::each_text_is_checked` |
//! | audit kept, `/auditDays` | `numbers::time::every_row_of_the_audit_trail_is_kept_for_the_policys_days` |
//! | Idempotency-Key kept | `idempotency::a_key_belongs_to_one_caller_one_route_one_body_and_one_day` |
//! | rows of a page | `history::a_page_holds_one_to_two_hundred_rows` |
//! | `GET /v1/limits` | `numbers::policy::the_public_limits_change_with_the_static_numbers_only` |

mod budget;
mod code;
mod count;
mod password;
mod policy;
mod send;
mod source;
mod time;

use crate::house::threats::tests;
use domain::challenge::ChallengeId;
use domain::code::Code;
use domain::policy::ranges::{RANGES, Range};
use serde_json::{Value, json};
use std::path::Path;
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Person, World};

pub const NUMBER: &str = "+61491570156";
/// A code that is almost always wrong: it is right once in a hundred million times.
pub const WRONG: &str = "00000000";

/// A test environment in which a test sets numbers of the policy. Reset is allowed for
/// all users, by mail and by SMS to Australia.
pub struct Numbers {
    pub world: World,
    administrator: Person,
}

impl Numbers {
    pub async fn new() -> Numbers {
        Numbers::of(World::new().await).await
    }

    pub async fn of(world: World) -> Numbers {
        let administrator = world.administrator().await;
        let session = world.session(&administrator).await;
        world.switch_on_phones(&session, 1).await;
        // Registration is not required, so that the administrator's session has all
        // rights of its role.
        world
            .save_policy(&session, |policy| policy["registration"]["required"] = json!(false))
            .await
            .expect(200);
        Numbers { world, administrator }
    }

    /// Returns a new session of the administrator, because sessions end as time passes
    /// in these tests.
    pub async fn admin(&self) -> String {
        self.world.session(&self.administrator).await
    }

    /// Sets numbers of the policy, each by its JSON pointer.
    pub async fn set(&self, numbers: &[(&str, u32)]) {
        let change = |policy: &mut Value| {
            for (pointer, number) in numbers {
                *policy
                    .pointer_mut(pointer)
                    .unwrap_or_else(|| panic!("the policy has no {pointer}")) = json!(number);
            }
        };
        self.world.save_policy(&self.admin().await, change).await.expect(200);
    }

    /// Creates a user and registers these addresses.
    pub async fn person(&self, user_id: &str, addresses: &[(&str, &str)]) -> Person {
        let person =
            self.world.user(&self.admin().await, json!({ "userId": user_id, "name": "Sam" })).await;
        self.register(&person, addresses).await;
        person
    }

    /// Registers addresses and finishes registration. Computes the codes from the keys,
    /// so that no message has to be sent.
    pub async fn register(&self, person: &Person, addresses: &[(&str, &str)]) {
        let bearer = self.world.session(person).await;
        for (kind, address) in addresses {
            let challenge = self.add(&bearer, kind, address).await;
            self.world.verify(&bearer, &challenge, &self.code(&challenge)).await.expect(200);
        }
        self.world
            .ask(Ask::new("POST", "/v1/me/registration/finish").bearer(&bearer))
            .await
            .expect(200);
    }

    /// Requests a code to a new address. Returns the challenge ID.
    pub async fn add(&self, bearer: &str, kind: &str, address: &str) -> String {
        let add = Ask::new("POST", "/v1/me/methods")
            .bearer(bearer)
            .body(json!({ "kind": kind, "destination": address }));
        self.world.ask(add).await.expect(202).text("challengeId")
    }

    /// Computes the code of a challenge, sent or not.
    pub fn code(&self, challenge: &str) -> String {
        let id = ChallengeId::parse(challenge).expect("an id");
        Code::derive(&self.world.keys.current().codes, &id).reveal().to_owned()
    }

    /// Starts a reset and requests a code. Returns the reset and the challenge ID.
    pub async fn under_way(&self, user_id: &str) -> (StartedReset, String) {
        let reset = self.world.start_reset(user_id).await;
        let challenge = self.world.send_code(&reset).await;
        (reset, challenge)
    }

    /// Creates a reset in which the mail address is proved.
    pub async fn proved(&self, user_id: &str) -> StartedReset {
        let (reset, challenge) = self.under_way(user_id).await;
        self.world.verify(&reset.bearer, &challenge, &self.code(&challenge)).await.expect(200);
        reset
    }

    /// Makes this many failed guesses, in as many resets as needed, with ten guesses
    /// for each code.
    pub async fn fail(&self, user_id: &str, guesses: u32) {
        let mut left = guesses;
        while left > 0 {
            let (reset, challenge) = self.under_way(user_id).await;
            for _ in 0..left.min(10) {
                assert_eq!(
                    self.world.verify(&reset.bearer, &challenge, WRONG).await.code(),
                    "codeNotAccepted"
                );
            }
            left = left.saturating_sub(10);
        }
    }

    /// Runs `send-code` and returns the reason why the newest message of a reset was
    /// dropped; `None` if its channel accepted it.
    pub async fn dropped(&self, reset: &StartedReset) -> Option<String> {
        self.world.pump().await;
        let rows = self.world.items().await;
        let of_reset = |row: &&Value| {
            row["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("OUTBOX#"))
                && row["supportCode"]["S"] == reset.support_code.as_str()
        };
        let newest = rows
            .iter()
            .filter(of_reset)
            .max_by_key(|row| row["sk"]["S"].to_string())
            .expect("a row");
        (newest["state"]["S"] == "dropped")
            .then(|| newest["reason"]["S"].as_str().expect("a reason").to_owned())
    }
}

/// Returns a refusal's code and its Retry-After header.
pub fn refusal(answer: &tests::Answer) -> (&str, Option<&str>) {
    (answer.code(), answer.headers.get("retry-after").map(String::as_str))
}

/// Returns the tests in the list above: module and name.
fn named() -> Vec<(&'static str, &'static str)> {
    let list = include_str!("mod.rs").lines().take_while(|line| line.starts_with("//!"));
    let names = list
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter_map(|name| name.rsplit_once("::"));
    names.collect()
}

#[test]
fn every_number_has_its_tests() {
    let named = named();
    assert!(named.len() > RANGES.len());
    let tests = tests();
    for (module, test) in named {
        // Compares the file name only, since some entries omit the folder.
        let file = module.rsplit("::").next().expect("a name");
        let of_file = |path: &Path| {
            path.file_stem().is_some_and(|stem| stem == file)
                || path.ends_with(format!("{file}/mod.rs"))
        };
        assert!(
            tests.iter().any(|(path, name)| of_file(path) && name == test),
            "no test is named {module}::{test}"
        );
    }
    let list: String =
        include_str!("mod.rs").lines().take_while(|line| line.starts_with("//!")).collect();
    for Range { pointer, .. } in RANGES {
        assert!(list.contains(&format!("`{pointer}`")), "{pointer} is not in the list");
    }
}
