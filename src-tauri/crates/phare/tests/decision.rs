//! The whole matrix: 48 operations × scope × access × what the headers say, against the rules restated.
//!
//! The expectation is written from the rules in words, one after the other, and shares no code with `decide`.
#![allow(clippy::unwrap_used)]

use gardien_domain::key::{PreviousSecret, PreviousSecrets};
use gardien_domain::project::Named;
use gardien_domain::{
    Call, Grant, KeyId, KeyRule, Operation, Presented, Product, ProductScope, ProductScopes,
    ProjectDirectory, ProjectId, ProjectSelection, Refusal, Scope, SecretDigest, decide,
};
use gardien_phare::OPERATIONS;
use jiff::Timestamp;
use uuid::Uuid;

const OWN: ProjectId = ProjectId(1);
const OTHER: ProjectId = ProjectId(2);
const GONE: ProjectId = ProjectId(3);

fn projects() -> ProjectDirectory {
    let mut directory = ProjectDirectory::default();
    directory.insert(OWN, "own");
    directory.insert(OTHER, "other");
    directory
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn key(scope: Scope, platform: ProductScope, uptime: ProductScope) -> KeyRule {
    KeyRule {
        id: KeyId(Uuid::nil()),
        scope,
        products: ProductScopes { platform, uptime },
        digest: SecretDigest([1; 32]),
        previous: PreviousSecrets::default(),
        expires_at: None,
        revoked_at: None,
    }
}

/// Everything that the two headers can say, with a word for each.
fn selections() -> Vec<(&'static str, ProjectSelection)> {
    let says = |id, slug| ProjectSelection { id, slug };
    let slug = |text: &str| Named::As(text.to_owned());
    vec![
        ("nothing", says(Named::Absent, Named::Absent)),
        ("own id", says(Named::As(OWN), Named::Absent)),
        ("own slug", says(Named::Absent, slug("own"))),
        ("own both", says(Named::As(OWN), slug("own"))),
        ("other id", says(Named::As(OTHER), Named::Absent)),
        ("other slug", says(Named::Absent, slug("other"))),
        ("unknown id", says(Named::As(GONE), Named::Absent)),
        ("unknown slug", says(Named::Absent, slug("nowhere"))),
        ("contradiction", says(Named::As(OWN), slug("other"))),
        ("bad id", says(Named::Unreadable, Named::Absent)),
        ("bad slug", says(Named::Absent, Named::Unreadable)),
    ]
}

/// The rules in words. `None` is a grant of whatever project the words name.
fn refused(
    operation: &Operation,
    scope: Scope,
    products: [&str; 2],
    says: &str,
) -> Option<&'static str> {
    let product = if operation.path.starts_with("/uptime/") {
        products[1]
    } else {
        products[0]
    };
    let reads = operation.method.as_str() == "GET";
    if product == "none" || (product == "read" && !reads) {
        return Some("scope");
    }
    let project_key = scope != Scope::Organization {};
    if project_key && !reads && operation.path.split('/').nth(1) == Some("projects") {
        return Some("management");
    }
    if says.starts_with("bad") {
        return Some("unreadable");
    }
    if project_key {
        let same = ["nothing", "own id", "own slug", "own both"].contains(&says);
        return if same { None } else { Some("other project") };
    }
    match says {
        "unknown id" | "unknown slug" => Some("unknown project"),
        "contradiction" => Some("contradiction"),
        "nothing" if needs_header(operation) => Some("missing"),
        _ => None,
    }
}

/// From the documentation and the official provider: all but `/`, projects, users and integrations.
fn needs_header(operation: &Operation) -> bool {
    operation.path.starts_with("/uptime/") || operation.path.starts_with("/alert-rules")
}

fn word(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::ScopeMissing { .. } => "scope",
        Refusal::ProjectManagement => "management",
        Refusal::ProjectHeaderUnreadable { .. } => "unreadable",
        Refusal::OtherProject => "other project",
        Refusal::ProjectUnknown => "unknown project",
        Refusal::ProjectHeadersContradict => "contradiction",
        Refusal::ProjectHeaderMissing => "missing",
        Refusal::KeyExpired { .. } => "expired",
        Refusal::SecretReplaced { .. } => "replaced",
        Refusal::KeyRevoked { .. } => "revoked",
        Refusal::OperationUnknown => "operation",
        Refusal::ProjectDeleted => "deleted",
    }
}

fn call(operation: &Operation, selection: ProjectSelection) -> Call<'_> {
    let path_project = operation.path.contains("{projectId}").then_some(OWN);
    Call {
        operation: Some(operation),
        path_project,
        selection,
    }
}

#[test]
fn rules_2_3_4_hold_on_the_whole_matrix() {
    let scopes = [Scope::Organization {}, Scope::Project { project_id: OWN }];
    let (mut grants, mut refusals) = (0, 0);
    for operation in OPERATIONS {
        for scope in scopes {
            for platform in ProductScope::ALL {
                for uptime in ProductScope::ALL {
                    for (says, selection) in selections() {
                        let key = key(scope, *platform, *uptime);
                        let call = call(operation, selection);
                        let decision = decide(&key, Presented::Current, &call, &projects(), at(10));
                        let expected =
                            refused(operation, scope, [platform.as_str(), uptime.as_str()], says);
                        assert_eq!(
                            decision.as_ref().err().map(word),
                            expected,
                            "{} {scope:?} platform {platform} uptime {uptime}, headers say {says}",
                            operation.id
                        );
                        if let Ok(grant) = decision {
                            grants += 1;
                            assert_eq!(
                                grant,
                                expected_grant(operation, scope, says),
                                "{} {says}",
                                operation.id
                            );
                        } else {
                            refusals += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(grants + refusals, 48 * 2 * 9 * 11);
    assert!(grants > 500 && refusals > 500);
}

fn expected_grant(operation: &Operation, scope: Scope, says: &str) -> Grant {
    let takes_none = operation.path == "/" || operation.path.starts_with("/projects");
    let project = match (takes_none, scope, says) {
        (true, _, _) | (false, Scope::Organization {}, "nothing") => None,
        (false, Scope::Project { project_id }, _) => Some(project_id),
        (false, Scope::Organization {}, says) if says.starts_with("other") => Some(OTHER),
        _ => Some(OWN),
    };
    let only = match scope {
        Scope::Project { project_id } if operation.id == "getProjects" => Some(project_id),
        _ => None,
    };
    Grant { project, only }
}

#[test]
fn rule_2_a_project_key_reads_no_other_project_by_its_path() {
    let operation = gardien_phare::operation("getProject").unwrap();
    let key = key(
        Scope::Project { project_id: OWN },
        ProductScope::Read,
        ProductScope::None,
    );
    let call = Call {
        path_project: Some(OTHER),
        ..call(operation, ProjectSelection::default())
    };
    let decision = decide(&key, Presented::Current, &call, &projects(), at(0));
    assert_eq!(decision, Err(Refusal::OtherProject));
}

#[test]
fn rule_4_an_operation_outside_the_48_is_refused_for_every_key() {
    for scope in [Scope::Organization {}, Scope::Project { project_id: OWN }] {
        let key = key(scope, ProductScope::ReadWrite, ProductScope::ReadWrite);
        let call = Call {
            operation: None,
            path_project: None,
            selection: ProjectSelection::default(),
        };
        let decision = decide(&key, Presented::Current, &call, &projects(), at(0));
        assert_eq!(decision, Err(Refusal::OperationUnknown));
    }
}

#[test]
fn a_key_whose_project_was_deleted_is_refused_everywhere() {
    let key = key(
        Scope::Project { project_id: GONE },
        ProductScope::None,
        ProductScope::ReadWrite,
    );
    // Before anything else, as of a key that is dead in another way: it learns nothing of operations and permissions.
    let unknown = Call {
        operation: None,
        path_project: None,
        selection: ProjectSelection::default(),
    };
    let known = OPERATIONS
        .iter()
        .map(|operation| call(operation, ProjectSelection::default()));
    for call in known.chain([unknown]) {
        let decision = decide(&key, Presented::Current, &call, &projects(), at(0));
        assert_eq!(decision, Err(Refusal::ProjectDeleted), "{call:?}");
    }
}

#[test]
fn rule_7_a_revoked_key_is_refused_before_anything_else_is_told() {
    let mut key = key(
        Scope::Organization {},
        ProductScope::None,
        ProductScope::None,
    );
    key.expires_at = Some(at(1));
    key.revoke(at(2));
    let call = Call {
        operation: None,
        path_project: None,
        selection: ProjectSelection::default(),
    };
    for presented in [Presented::Current, Presented::Replaced(replaced(2, 50))] {
        let decision = decide(&key, presented, &call, &projects(), at(3));
        assert_eq!(decision, Err(Refusal::KeyRevoked { since: at(2) }));
    }
}

fn replaced(digest: u8, until: i64) -> PreviousSecret {
    PreviousSecret {
        digest: SecretDigest([digest; 32]),
        valid_until: at(until),
    }
}

#[test]
fn expiry_is_exact_and_a_replaced_secret_ends_with_its_grace() {
    let operation = gardien_phare::operation("getInfo").unwrap();
    let mut key = key(
        Scope::Organization {},
        ProductScope::Read,
        ProductScope::None,
    );
    key.expires_at = Some(at(100));
    let (last, earlier) = (replaced(2, 50), replaced(3, 70));
    key.previous = PreviousSecrets {
        last: Some(last),
        earlier: Some(earlier),
    };
    let ask = |digest, now| {
        decide(
            &key,
            key.presented(&digest).unwrap(),
            &call(operation, ProjectSelection::default()),
            &projects(),
            at(now),
        )
        .map(|_| ())
    };
    assert_eq!(ask(key.digest, 99), Ok(()));
    assert_eq!(
        ask(key.digest, 100),
        Err(Refusal::KeyExpired { since: at(100) })
    );
    assert_eq!(ask(last.digest, 49), Ok(()));
    assert_eq!(
        ask(last.digest, 50),
        Err(Refusal::SecretReplaced { since: at(50) })
    );
    assert_eq!(ask(earlier.digest, 69), Ok(()));
    assert_eq!(
        ask(earlier.digest, 70),
        Err(Refusal::SecretReplaced { since: at(70) })
    );
    assert_eq!(
        ask(last.digest, 100),
        Err(Refusal::KeyExpired { since: at(100) })
    );
}

#[test]
fn each_product_is_judged_by_its_own_scope() {
    let monitors = gardien_phare::operation("getUptimeMonitors").unwrap();
    let key = key(
        Scope::Project { project_id: OWN },
        ProductScope::ReadWrite,
        ProductScope::None,
    );
    let decision = decide(
        &key,
        Presented::Current,
        &call(monitors, ProjectSelection::default()),
        &projects(),
        at(0),
    );
    let missing = Refusal::ScopeMissing {
        product: Product::Uptime,
        access: monitors.access(),
    };
    assert_eq!(decision, Err(missing));
}
