//! The function `recover`: lets operators of the AWS account unlock an account, and issue a
//! temporary password to an administrator, when no administrator can sign in.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve_recover()
}
