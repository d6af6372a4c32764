//! What every store has to do, whatever database stands behind it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods
)]

mod audit;
mod calls;
mod changes;
mod cut;
mod documents;
mod duties;
mod filters;
mod following;
mod gateways;
mod keys;
mod opening;
mod owned;
#[cfg(target_os = "linux")]
mod pooled;
mod postgres;
mod revisions;
mod sealed;
mod sqlite;
mod support;
mod uses;

/// One test of each contract for the database that `$fresh` makes.
macro_rules! contract {
    ($name:ident: $fresh:path { $($subject:ident { $($case:ident)+ })+ }) => {
        mod $name {
            $(mod $subject {
                $(#[tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    crate::$subject::$case(&$fresh().await).await;
                })+
            })+
        }
    };
}

/// The whole suite. A further database joins with one line like those below.
macro_rules! every_contract {
    ($name:ident: $fresh:path) => {
        contract!($name: $fresh {
            changes {
                a_failing_change_leaves_neither_change_nor_entry
                a_failing_entry_leaves_no_change
                order_within_a_commit_does_not_matter
                everything_is_there_after_it_was_opened_again
                nothing_answers_once_closed
            }
            revisions {
                the_newest_is_the_number_of_the_last_entry
                a_commit_at_an_old_one_is_refused_and_writes_nothing
                of_two_that_were_decided_at_one_revision_one_is_made
                a_commit_that_fails_at_its_end_leaves_no_gap
                eight_that_try_again_lose_nothing_and_leave_no_gap
            }
            following {
                the_changes_since_any_revision_make_its_snapshot_the_newest
                nothing_came_since_the_newest_revision
                all_that_is_enforced_of_many_keys_is_told_at_the_start
            }
            sealed {
                they_are_kept_replaced_and_forgotten
            }
            audit {
                entries_are_linked_and_counted
                entries_are_paged_newest_first_and_by_subject
                entries_are_found_by_who_what_and_when
                an_entry_cannot_be_changed_removed_or_put_between
                an_altered_entry_is_found
                an_entry_with_an_unknown_word_is_found
                a_missing_entry_is_found
                reordered_entries_are_found
                a_missing_end_is_found_and_not_hidden_by_new_entries
                commits_of_two_processes_make_one_chain
            }
            keys {
                every_field_comes_back
                a_digest_belongs_to_one_key
                a_key_is_found_by_its_secret_and_by_the_one_before
                live_keys_are_counted_by_project
                what_is_reserved_is_that_of_keys_that_work
                a_key_outlives_its_project
            }
            uses {
                a_change_replaces_the_key_and_keeps_its_last_use
                a_use_never_gives_way_to_an_older_one
                the_use_of_a_replaced_secret_goes_with_it
                every_use_of_a_large_batch_is_that_of_its_key
                a_batch_is_written_whole_or_not_at_all
            }
            filters {
                rows_and_total_are_those_that_the_filter_keeps
                pages_of_any_order_hold_while_keys_are_made_and_changed
                text_is_found_in_any_case_of_any_script
            }
            owned {
                the_organization_is_one_row
                members_keep_their_projects
                a_mail_address_belongs_to_one_member
                who_was_removed_stays_a_name_and_their_sessions_end
                projects_come_by_name_in_any_case
                sessions_are_found_by_digest_expired_or_not
                sessions_end_by_id_and_by_time
                keys_of_phare_keep_both_slots
                the_upstream_is_one_row
            }
            calls {
                the_calls_of_the_last_minute_are_kept_whole
                of_two_that_ask_for_the_last_slot_one_has_it
                eight_that_ask_at_once_lease_no_more_than_there_is
                what_comes_late_changes_nothing
                what_is_known_of_others_counts_and_of_nobody_else
                the_row_of_a_gateway_that_is_gone_is_forgotten_when_it_holds_nothing
                a_row_is_as_old_as_the_clock_of_the_database_says
            }
            gateways {
                a_lease_is_held_from_its_first_renewal_on_and_then_renewed_in_time
                those_who_lack_a_revision_are_found_until_they_show_it
                a_lease_that_was_let_go_of_or_given_back_is_renewed_anew
                a_lease_that_was_renewed_since_is_not_let_go_of
                a_renewal_that_comes_late_takes_nothing_back
                those_without_a_lease_are_forgotten_after_a_day
            }
            duties {
                a_duty_is_held_until_it_is_given_back
            }
            documents {
                ids_count_from_one_and_are_never_used_again
                content_keeps_its_order_and_its_numbers
                each_project_sees_its_own
                a_page_far_into_a_list_is_found
                deleting_a_project_takes_its_documents_everywhere
                concurrent_inserts_get_different_ids
            }
        });
    };
}

every_contract!(on_sqlite: crate::sqlite::fresh);
every_contract!(on_postgres: crate::postgres::fresh);
