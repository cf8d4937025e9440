//! Flows of the function `recover`, which operators of the AWS account invoke. The API has no
//! route for them: only IAM decides who may invoke the function.

pub mod recover_administrator;
pub mod unlock_account;
