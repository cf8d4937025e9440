//! The operations, one each: who calls it, what it takes, what it answers, and
//! every problem it may end with beside those that its shape brings along.

use super::operation::{Operation, Who, delete, get, patch, post, put};
use crate::http::api::standing::StandingAnswer;
use crate::http::api::{
    AddMethod, ChallengeAnswer, ChangePassword, ConfirmPassword, CreateUser, CreatedAnswer,
    JudgedAnswer, LimitsAnswer, MeAnswer, MethodsAnswer, OrganisationAnswer, PatchUser,
    PolicyAnswer, ResetAnswer, SaveTerms, SendCode, SessionAnswer, SetPassword, SignIn, StartReset,
    StartedAnswer, TermsAnswer, UserAnswer, VerifiedAnswer, VerifyCode,
};
use domain::account::GroupName;
use domain::error::ProblemCode as P;
use domain::policy::Policy;

/// Every operation, by function.
pub fn operations() -> Vec<Operation> {
    [policy(), directory(), sign_in(), registration(), reset(), verify()]
        .into_iter()
        .flatten()
        .collect()
}

fn policy() -> Vec<Operation> {
    let of = |operation: Operation| operation.function("policy");
    vec![
        of(get("/v1/limits", "getLimits", "The numbers a client needs"))
            .says("Lengths, lifetimes and waits that hold for everybody. Never a budget, a list of countries, or the state of an account.")
            .answers::<LimitsAnswer>(200),
        of(get("/v1/organisation", "getOrganisation", "What pages say of the organisation"))
            .says("Name, help desk, colour and languages, to everybody.")
            .answers::<OrganisationAnswer>(200),
        of(get("/v1/policy", "getPolicy", "The policy"))
            .by(Who::Administrator)
            .says("The policy that holds now. Its version is the `ETag` that saving asks for.")
            .answers::<PolicyAnswer>(200)
            .tagged(),
        of(put("/v1/policy", "savePolicy", "Save the policy"))
            .by(Who::Administrator)
            .says("Replaces the policy; it acts on the next request of everybody, on resets under way too. Tells whom the change cuts off, and what else to know before relying on it.")
            .query("dryRun", "Judge and tell, but do not save.", r#"{ "type": "boolean", "default": false }"#)
            .if_match()
            .takes::<Policy>()
            .answers::<JudgedAnswer>(200)
            .tagged(),
        of(get("/v1/policy/history", "listPolicies", "Earlier policies"))
            .by(Who::Administrator)
            .says("Every version that was saved, the newest first.")
            .pages::<PolicyAnswer>(),
        of(get("/v1/policy/terms", "getTerms", "The organisation's own terms"))
            .by(Who::Administrator)
            .says("Words that no new password may be made of, as they were written.")
            .answers::<TermsAnswer>(200)
            .tagged(),
        of(put("/v1/policy/terms", "saveTerms", "Save the organisation's own terms"))
            .by(Who::Administrator)
            .says("Replaces up to 1,000 terms. They are compared without case, common digits for letters, and by one slip of the finger.")
            .if_match()
            .takes::<SaveTerms>()
            .answers::<TermsAnswer>(200)
            .tagged(),
    ]
}

fn directory() -> Vec<Operation> {
    let of = |operation: Operation| operation.function("directory");
    vec![
        of(get("/v1/users", "listUsers", "Find accounts"))
            .by(Who::HelpDesk)
            .says("All accounts, or those whose user ID or name begins with a text, or who are in a group; the help desk sees those of role `user`.")
            .query("search", "Beginning of a user ID or of a word of the name.", r#"{ "type": "string", "minLength": 1, "pattern": "\\S" }"#)
            .query("group", "Name of a group.", r##"{ "$ref": "#/components/schemas/GroupName" }"##)
            .pages::<UserAnswer>(),
        of(post("/v1/users", "createUser", "Create an account"))
            .by(Who::Administrator)
            .says("The answer holds a temporary password, shown this once: usable for 7 days, and to be changed at every sign-in with it.")
            .takes::<CreateUser>()
            .answers::<CreatedAnswer>(201)
            .tagged()
            .refuses(&[P::UserExists, P::NotFound]),
        of(get("/v1/users/{userId}", "getUser", "An account"))
            .by(Who::HelpDesk)
            .says("Its revision is the `ETag` that changing and deleting ask for.")
            .answers::<UserAnswer>(200)
            .tagged()
            .refuses(&[P::NotFound]),
        of(patch("/v1/users/{userId}", "changeUser", "Change an account"))
            .by(Who::Administrator)
            .says("A JSON Merge Patch (RFC 7396): what is absent stays. A change of role or of `enabled` ends the sessions and resets of the account at once. The last enabled administrator stays one.")
            .if_match()
            .takes::<PatchUser>()
            .answers::<UserAnswer>(200)
            .tagged()
            .refuses(&[P::NotFound, P::LastAdministrator]),
        of(delete("/v1/users/{userId}", "deleteUser", "Delete an account"))
            .by(Who::Administrator)
            .says("Personal data is gone at once; what was recorded keeps an internal id.")
            .if_match()
            .refuses(&[P::NotFound, P::LastAdministrator]),
        of(post("/v1/users/{userId}/temporary-password", "issueTemporaryPassword", "Issue a temporary password"))
            .by(Who::Administrator)
            .says("Ends the password, the sessions and the resets of the account, and any temporary password before it. Shown this once.")
            .answers::<CreatedAnswer>(200)
            .tagged()
            .refuses(&[P::NotFound]),
        of(post("/v1/users/{userId}/unlock", "unlockUser", "Unlock an account"))
            .by(Who::HelpDesk)
            .says("Ends a wait of sign-in and opens reset again: wrong passwords and failed guesses are forgotten.")
            .refuses(&[P::NotFound]),
        of(post("/v1/users/{userId}/require-registration", "requireRegistration", "Have the methods verified anew"))
            .by(Who::HelpDesk)
            .says("The methods stay and still reset; the next sign-in asks to verify each of them again.")
            .refuses(&[P::NotFound]),
        of(get("/v1/users/{userId}/methods", "listUserMethods", "The methods of an account"))
            .by(Who::HelpDesk)
            .says("Masked: enough to recognise, too little to use.")
            .answers::<MethodsAnswer>(200)
            .refuses(&[P::NotFound]),
        of(delete("/v1/users/{userId}/methods/{kind}", "deleteUserMethod", "Delete a method of an account"))
            .by(Who::Administrator)
            .says("Its sessions, resets and codes end; every address valid before is told.")
            .refuses(&[P::NotFound]),
        of(get("/v1/users/{userId}/can-reset", "canReset", "Whether somebody can reset, or why not"))
            .by(Who::HelpDesk)
            .says("The real reason, which a reset itself never tells.")
            .answers::<StandingAnswer>(200)
            .refuses(&[P::NotFound]),
        of(get("/v1/groups", "listGroups", "The groups"))
            .by(Who::HelpDesk)
            .says("Names of all groups that have somebody in them.")
            .pages::<GroupName>(),
    ]
}

fn sign_in() -> Vec<Operation> {
    let of = |operation: Operation| operation.function("sign-in");
    vec![
        of(post("/v1/sign-in", "signIn", "Sign in"))
            .says("The session travels as a bearer in the answer or, for pages of the configured address that ask for it, in a `__Host-` cookie. `next` tells what has to be done first. After ten wrong passwords sign-in waits a minute, doubling to fifteen.")
            .takes::<SignIn>()
            .answers::<SessionAnswer>(200)
            .sets_cookie()
            .refuses(&[P::SignInFailed, P::SignInLocked, P::CrossSite, P::SignInRequired]),
        of(get("/v1/me", "getMe", "Who is signed in"))
            .by(Who::Limited)
            .says("The account of the session, how far it reaches, and what comes next.")
            .answers::<MeAnswer>(200),
        of(delete("/v1/session", "signOut", "Sign out"))
            .by(Who::Limited)
            .says("Ends this session.")
            .sets_cookie(),
        of(post("/v1/session/confirm", "confirmPassword", "Prove the password again"))
            .by(Who::Registering)
            .says("For twenty minutes the session may then change methods. Its bearer is a new one.")
            .takes::<ConfirmPassword>()
            .answers::<SessionAnswer>(200)
            .sets_cookie()
            .refuses(&[P::CurrentPasswordWrong, P::SignInLocked]),
        of(delete("/v1/sessions", "signOutEverywhere", "Sign out everywhere"))
            .by(Who::Limited)
            .says("Ends every session of the account, this one too.")
            .sets_cookie(),
    ]
}

fn registration() -> Vec<Operation> {
    let of = |operation: Operation| operation.function("registration");
    vec![
        of(get("/v1/me/methods", "listMethods", "One's own methods"))
            .by(Who::Registering)
            .says("Masked, with the kinds that are allowed and how many are needed.")
            .answers::<MethodsAnswer>(200),
        of(post("/v1/me/methods", "addMethod", "Add or change a method"))
            .by(Who::Registering)
            .says("Sends a code to the address. It is used for nothing before that code comes back; then it takes the place of the account's address of that kind.")
            .takes::<AddMethod>()
            .answers::<ChallengeAnswer>(202)
            .refuses(SENDING)
            .refuses(&[P::PasswordProofRequired]),
        of(delete("/v1/me/methods/{kind}", "deleteMethod", "Delete one's own method"))
            .by(Who::Registering)
            .says("The session goes on; others, resets and codes end, and every address valid before is told.")
            .refuses(&[P::NotFound, P::PasswordProofRequired]),
        of(post("/v1/me/methods/{kind}/challenges", "resendCode", "Send another code to a new address"))
            .by(Who::Registering)
            .says("The code before it is dead. The wait doubles each time.")
            .answers::<ChallengeAnswer>(202)
            .refuses(SENDING)
            .refuses(&[P::NotFound, P::PasswordProofRequired]),
        of(post("/v1/me/registration/finish", "finishRegistration", "Finish registration"))
            .by(Who::Registering)
            .says("Once enough kinds are verified, the session reaches everything. Its bearer is a new one.")
            .answers::<SessionAnswer>(200)
            .sets_cookie()
            .refuses(&[P::MethodMissing]),
        of(post("/v1/me/registration/postpone", "postponeRegistration", "Register later"))
            .by(Who::Registering)
            .says("Where the policy still allows it. The session's bearer is a new one.")
            .answers::<SessionAnswer>(200)
            .sets_cookie()
            .refuses(&[P::NothingDue, P::PostponeOver]),
        of(post("/v1/me/registration/reconfirm", "reconfirmMethods", "Say that the methods are still right"))
            .by(Who::Registering)
            .says("The session's bearer is a new one.")
            .answers::<SessionAnswer>(200)
            .sets_cookie()
            .refuses(&[P::NothingDue]),
        of(put("/v1/me/password", "changePassword", "Change one's own password"))
            .by(Who::Limited)
            .says("Takes the current one too. Every other session, reset and code of the account ends; the session's bearer is a new one.")
            .takes::<ChangePassword>()
            .answers::<SessionAnswer>(200)
            .sets_cookie()
            .refuses(&[P::CurrentPasswordWrong, P::PasswordRefused, P::SignInLocked, P::StepRequired]),
    ]
}

/// What keeps a code from being sent.
const SENDING: &[P] = &[P::KindNotAllowed, P::SmsUnavailable, P::TooSoon, P::TooManyFromAddress];

fn reset() -> Vec<Operation> {
    let of = |operation: Operation| operation.function("reset");
    vec![
        of(post("/v1/resets", "startReset", "Start a reset"))
            .says("The same for every user ID, whether or not it has an account: the kinds are the policy's. The bearer is shown this once.")
            .takes::<StartReset>()
            .answers::<StartedAnswer>(201)
            .refuses(&[P::ResetOff, P::ResetClosed, P::TooManyFromAddress]),
        of(get("/v1/resets/{resetId}", "getReset", "What a reset needs next"))
            .by(Who::Reset)
            .says("`method`: prove a kind, or one more. `password`: set the new one.")
            .answers::<ResetAnswer>(200),
        of(delete("/v1/resets/{resetId}", "cancelReset", "Cancel a reset")).by(Who::Reset).says("It is over, and its codes are dead."),
        of(post("/v1/resets/{resetId}/challenges", "sendCode", "Have a code sent"))
            .by(Who::Reset)
            .says("If the account exists and has a method of this kind (and the address typed is that method's, where it must be typed), a code is on its way. The answer is the same if not.")
            .takes::<SendCode>()
            .answers::<ChallengeAnswer>(202)
            .refuses(SENDING)
            .refuses(&[P::ResetClosed]),
        of(put("/v1/resets/{resetId}/password", "resetPassword", "Set the new password"))
            .by(Who::Reset)
            .says("Ends the reset, the old password, and every session and reset of the account. A refused password leaves the reset alive. Nobody is signed in by it.")
            .takes::<SetPassword>()
            .refuses(&[P::ProofMissing, P::PasswordRefused]),
    ]
}

fn verify() -> Vec<Operation> {
    let of = |operation: Operation| operation.function("verify");
    vec![
        of(post("/v1/challenges/{challengeId}/verify", "verifyCode", "Enter a code"))
            .by(Who::Either)
            .says("For the registration or the reset that asked for the code. Every code that is not accepted is one problem, which does not tell why.")
            .takes::<VerifyCode>()
            .answers::<VerifiedAnswer>(200)
            .refuses(&[P::CodeNotAccepted, P::ResetEnded, P::NotFound, P::ResetClosed, P::TooSoon]),
    ]
}
