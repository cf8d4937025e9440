//! Guessing: failed guesses are counted per account, across new codes, new resets and
//! other spellings of the user ID.

use super::{MAIL, NEW, NUMBER, ask_code, both_kinds, code_of, hash, one_kind, prove};
use crate::house::tour::other;
use domain::time::Span;
use serde_json::{Value, json};
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Call, World};

/// Returns the number of guesses at codes of a kind that were counted against the limit
/// since the last call.
fn charges(world: &World, kind: &str) -> usize {
    let of_kind =
        |call: &&Call| call.is_charge() && call.done() && call.body.to_string().contains(kind);
    world.proxy.take_calls().iter().filter(of_kind).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a13_the_code_for_a_typed_number_that_is_not_the_accounts_is_never_accepted() {
    let (world, _, ann) = both_kinds(1).await;
    let before = hash(&world, &ann.user_id).await;
    // Each number has a ledger of its own, so an attacker could guess ten times for each.
    for number in ["+61491570157", "+61491570158"] {
        let reset = world.start_reset(&ann.user_id).await;
        let sent = world.ask_sms(&reset, number).await.expect(202).text("challengeId");
        let right = code_of(&world, &sent);
        assert_eq!(world.verify(&reset.bearer, &sent, &right).await.code(), "codeNotAccepted");
        assert_eq!(world.next_in(&reset).await, "method");
        assert_eq!(world.set_password(&reset, NEW).await.code(), "proofMissing");
    }
    assert_eq!(hash(&world, &ann.user_id).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a13_proving_the_mailbox_again_gives_no_more_guesses_of_the_phones_code() {
    for guesses_in_a_reset in [1, 2, 3, 5] {
        let (world, _, ann) = both_kinds(2).await;
        let before = hash(&world, &ann.user_id).await;
        let (mut charged, mut proofs) = (0, 0);
        let (mut reset, mut sms, mut right);
        loop {
            // In a new reset, the mailbox is proved with its right code.
            reset = world.start_reset(&ann.user_id).await;
            prove(&world, &reset, "email", MAIL).await;
            proofs += 1;
            (sms, right) = ask_code(&world, &reset, "mobilePhone", NUMBER).await;
            world.proxy.take_calls();
            for _ in 0..guesses_in_a_reset {
                world.verify(&reset.bearer, &sms, &other(&right)).await;
            }
            charged += charges(&world, "mobilePhone");
            assert!(
                charged <= 10,
                "{charged} guesses of the phone's code after {proofs} proofs of the mailbox"
            );
            if charged == 10 {
                break;
            }
            // The time passes the send limits, but stays well within 24 hours.
            world.pass(Span::minutes(13));
        }
        assert!(proofs >= 10 / 5, "{proofs}");
        // The right code is refused although its challenge has guesses left and the
        // mailbox is proved.
        let closed = world.verify(&reset.bearer, &sms, &right).await;
        assert_eq!(
            (closed.status, closed.code()),
            (429, "resetClosed"),
            "{guesses_in_a_reset} in a reset"
        );
        assert_eq!(world.next_in(&reset).await, "method");
        assert_eq!(world.set_password(&reset, NEW).await.code(), "proofMissing");
        let other = world.start_reset(&ann.user_id).await;
        assert_eq!(world.ask_sms(&other, NUMBER).await.code(), "resetClosed");
        assert_eq!(world.ask_sms(&reset, NUMBER).await.code(), "resetClosed");
        assert_eq!(charges(&world, "mobilePhone"), 0);
        assert_eq!(hash(&world, &ann.user_id).await, before);
        // The phone is still closed one millisecond before the 24 hours end, and open when they end.
        world.pass(Span(Span::hours(24).0 - 1));
        let other = world.start_reset(&ann.user_id).await;
        assert_eq!(world.ask_sms(&other, NUMBER).await.code(), "resetClosed");
        world.pass(Span(1));
        world.ask_sms(&other, NUMBER).await.expect(202);
    }
}

/// The same user ID in several spellings.
const SPELLINGS: [&str; 8] = [
    "ann@example.com",
    "ANN@EXAMPLE.COM",
    " Ann@example.com ",
    "ａｎｎ@example.com",
    "aNn@Example.com",
    "ａnn＠example.com",
    "\u{202a}ann@exam\u{ad}ple.com\u{202c}",
    "\t\u{200b}ann@example.com\u{a0}\n",
];

#[tokio::test(flavor = "multi_thread")]
async fn a14_guesses_are_counted_together_across_spellings_of_the_user_id_and_forms_of_the_request()
{
    let (world, _, ann) = one_kind().await;
    world.proxy.take_calls();
    let dressed = |n: usize, ask: Ask| {
        let ask =
            ask.source(&format!("198.51.100.{n}")).header("user-agent", format!("browser {n}"));
        let ask = ask
            .header("idempotency-key", format!("key-of-a-guess-{n:03}"))
            .header("accept-language", ["en", "zh-TW"][n % 2]);
        ask.header("x-forwarded-for", format!("203.0.113.{n}"))
            .header("origin", format!("https://{n}.example"))
    };
    let mut last = None;
    for (n, user_id) in SPELLINGS[..5].iter().enumerate() {
        let started = world
            .ask(dressed(n, Ask::new("POST", "/v1/resets").body(json!({ "userId": user_id }))))
            .await
            .expect(201);
        let reset = StartedReset {
            id: started.text("resetId"),
            bearer: started.text("bearer"),
            support_code: String::new(),
        };
        let path = format!("/v1/resets/{}/challenges", reset.id);
        // Requests alternate between with and without the typed address.
        let mut body = json!({ "kind": "email" });
        if n % 2 == 1 {
            body["destination"] = json!(MAIL.to_uppercase().replace("ANN.PRIVATE", "ann.private"));
        }
        let sent = world
            .ask(dressed(n, Ask::new("POST", path).bearer(&reset.bearer).body(body)))
            .await
            .expect(202);
        let challenge = sent.text("challengeId");
        let right = code_of(&world, &challenge);
        for guess in 0..2 {
            let path = format!("/v1/challenges/{challenge}/verify");
            let ask =
                Ask::new("POST", path).bearer(&reset.bearer).body(json!({ "code": other(&right) }));
            let ask = dressed(10 * (n + 1) + guess, ask);
            assert_eq!(world.ask(ask).await.code(), "codeNotAccepted", "{user_id}");
        }
        last = Some((reset, challenge, right));
    }
    assert_eq!(charges(&world, "email"), 10);
    let (reset, challenge, right) = last.expect("five");
    assert_eq!(
        world.verify(&reset.bearer, &challenge, &right).await.code(),
        "resetClosed",
        "the right code"
    );
    for (n, user_id) in SPELLINGS.iter().enumerate() {
        let ask =
            dressed(100 + n, Ask::new("POST", "/v1/resets").body(json!({ "userId": user_id })));
        let started = world.ask(ask).await.expect(201);
        let path = format!("/v1/resets/{}/challenges", started.text("resetId"));
        let ask = Ask::new("POST", path).bearer(&started.text("bearer"));
        let ask = dressed(100 + n, ask.body(json!({ "kind": "email" })));
        assert_eq!(world.ask(ask).await.code(), "resetClosed", "{user_id}");
    }
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a14_wrong_passwords_are_counted_together_across_spellings_of_the_user_id() {
    let (world, _, ann) = one_kind().await;
    for n in 0..10 {
        let body = json!({ "userId": SPELLINGS[n % SPELLINGS.len()], "password": format!("wrong password number {n}") });
        let ask = Ask::new("POST", "/v1/sign-in").body(body).source(&format!("198.51.100.{n}"));
        assert_eq!(world.ask(ask).await.code(), "signInFailed", "{n}");
    }
    for user_id in SPELLINGS {
        assert_eq!(
            world.sign_in(user_id, &ann.password).await.code(),
            "signInLocked",
            "{user_id}: the right password"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a18_a_value_that_is_not_one_code_is_refused_without_comparison_or_charge() {
    let (world, _, ann) = one_kind().await;
    let reset = world.start_reset(&ann.user_id).await;
    let (challenge, right) = ask_code(&world, &reset, "email", MAIL).await;
    let number: u64 = right.parse().expect("digits");
    let many: Vec<String> =
        (0..1000).map(|n| format!("{:08}", number - number.min(500) + n)).collect();
    let ask = |body: Value| {
        Ask::new("POST", format!("/v1/challenges/{challenge}/verify"))
            .bearer(&reset.bearer)
            .body(body)
    };
    world.proxy.take_calls();
    for code in [
        json!([right]),
        json!(many),
        json!([[right]]),
        json!({ "$gt": "" }),
        json!({ "$ne": null }),
        json!({ "code": right }),
        json!({ "0": right }),
        json!(number),
        json!(number as f64 + 0.5),
        json!(-1),
        json!(true),
        json!(null),
        json!(""),
        json!(" "),
        json!(many.join(",")),
        json!(many.join(" ")),
        json!(format!("{right}{right}")),
        json!("*"),
        json!("%"),
        json!(".{8}"),
        json!("' OR '1'='1"),
        json!(":owner"),
    ] {
        let answer = world.ask(ask(json!({ "code": code }))).await;
        assert_eq!((answer.status, answer.code()), (400, "invalidRequest"), "{code}");
    }
    for body in [
        json!({}),
        json!([{ "code": right }]),
        json!({ "codes": [right] }),
        json!({ "code": other(&right), "codes": [right] }),
        json!({ "Code": right }),
        json!(format!("{{\"code\":\"{}\",\"code\":\"{right}\"}}", other(&right))),
        json!(format!("{{\"code\":\"{right}\"}}{{\"code\":\"{right}\"}}")),
    ] {
        assert_eq!(world.ask(ask(body.clone())).await.code(), "invalidRequest", "{body}");
    }
    let calls: Vec<String> =
        world.proxy.take_calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(calls, Vec::<String>::new(), "no request reached the table");
    // The code still has all five guesses: four wrong ones, then the right one.
    for n in 0..4 {
        assert_eq!(
            world.verify(&reset.bearer, &challenge, &other(&right)).await.code(),
            "codeNotAccepted",
            "{n}"
        );
    }
    world.verify(&reset.bearer, &challenge, &right).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a19_a_right_code_is_accepted_as_its_digits_only() {
    let (world, _, ann) = one_kind().await;
    // Repeats until a code begins with a zero: about one in ten does.
    let (mut reset, mut challenge, mut right);
    loop {
        reset = world.start_reset(&ann.user_id).await;
        (challenge, right) = ask_code(&world, &reset, "email", MAIL).await;
        if right.starts_with('0') {
            break;
        }
        // An account gets 30 mails with codes a day.
        world.pass(Span::hours(1));
    }
    let digits = |zero: u32| {
        right
            .bytes()
            .map(|b| char::from_u32(zero + u32::from(b - b'0')).expect("a digit"))
            .collect::<String>()
    };
    world.proxy.take_calls();
    for spelled in [
        digits('⁰'.into()),
        digits('₀'.into()),
        right.replacen('0', "O", 1),
        right.replacen('0', "о", 1),
        format!("+{right}"),
        format!("{right}\0"),
        format!("{}\0{}", &right[..4], &right[4..]),
        format!("{right}.0"),
        format!("0{right}"),
        format!("0x{right}"),
        format!("{right}e0"),
        right.trim_start_matches('0')[1..].to_owned() + "x",
    ] {
        assert_eq!(
            world.verify(&reset.bearer, &challenge, &spelled).await.expect(400).code(),
            "invalidRequest",
            "{spelled:?}"
        );
    }
    assert!(world.proxy.take_calls().is_empty(), "none of them was charged");
    // Without its leading zero, or with the zero at the other end, the code is wrong.
    for spelled in [right[1..].to_owned(), format!("{}0", &right[1..])] {
        assert_eq!(
            world.verify(&reset.bearer, &challenge, &spelled).await.expect(422).code(),
            "codeNotAccepted"
        );
    }
    // The spellings that are accepted are those of the same code: digits of another script, and
    // signs around them that a copied text brings along.
    let digits = digits('٠'.into());
    let middle = digits.len() / 2;
    let spelled = format!("\u{202a} {}\u{a0}-\u{200b}{}\n", &digits[..middle], &digits[middle..]);
    world.verify(&reset.bearer, &challenge, &spelled).await.expect(200);
}
