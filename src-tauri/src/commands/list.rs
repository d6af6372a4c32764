// Every command that the window may call, by the module that holds its body: name(args: arguments) => result.
//
// One list for all that must agree: the handler, the build script's manifest, the generated bindings. The capability
// of the window is checked against it by a test. The one that pushes instead of answering, `watch`, is named beside it
// where that matters: its channel has no place here.
macro_rules! each_command {
    ($with:ident) => {
        $with! {
            status {
                app_status() => AppStatus;
                first_start(args: FirstStart) => AppStatus;
                retry() => AppStatus;
                accept_older() => AppStatus;
            }
            homes {
                connect(args: Connect) => AppStatus;
                switch_home(args: SwitchHome) => AppStatus;
                disconnect() => AppStatus;
            }
            leaving {
                pause_gateway() => AppStatus;
                resume_gateway() => AppStatus;
                leave(args: Leave) => ();
                dismiss_notices() => AppStatus;
            }
            keys {
                list_keys(args: KeyQuery) => KeyList;
                get_key(args: OfKey) => KeyDetail;
                create_key(args: CreateKey) => FreshKey;
                update_key(args: UpdateKey) => KeyView;
                revoke_key(args: OfKey) => KeyView;
                restore_key(args: OfKey) => KeyView;
                rotate_key(args: RotateKey) => FreshKey;
                replace_key(args: OfKey) => FreshKey;
                undo_replacement(args: Replacement) => UndoneReplacement;
                end_previous(args: OfKey) => KeyView;
                find_pasted(args: PastedText) => Pasted;
                try_key(args: TryKey) => Trial;
            }
            secrets {
                copy_secret(args: OfKey) => Copied;
                copy_form(args: OfForm) => Option<Copied>;
                form_text(args: OfForm) => String;
                reveal_secret(args: OfKey) => String;
                forget_fresh() => ();
                copy_text(args: CopyText) => ();
            }
            projects {
                list_projects() => Vec<ProjectView>;
                create_project(args: ProjectName) => ProjectView;
                rename_project(args: RenameProject) => ProjectView;
                delete_project(args: OfProject) => ();
                synchronize_projects() => Vec<ProjectView>;
            }
            phare {
                list_phare_keys() => Vec<PhareKeyView>;
                attach_phare_key(args: AttachPhareKey) => AppStatus;
                use_sandbox() => AppStatus;
                keep_phare_key(args: NewPhareKey) => PhareKeyView;
                stage_phare_key(args: StagePhareKey) => PhareKeyView;
                examine_phare_key(args: OfPhareKey) => PhareKeyView;
                switch_phare_key(args: OfPhareKey) => PhareKeyView;
                unstage_phare_key(args: OfPhareKey) => PhareKeyView;
                rename_phare_key(args: RenamePhareKey) => PhareKeyView;
                remove_phare_key(args: OfPhareKey) => AppStatus;
                copy_phare_key(args: OfPhareKey) => Copied;
                open_phare_panel() => ();
            }
            organization {
                organization() => OrganizationView;
                update_organization(args: OrganizationPatch) => OrganizationView;
                limits() => LimitsView;
                what_if(args: WhatIfQuery) => WhatIfView;
                list_gateways() => Vec<GatewayView>;
                list_members() => Vec<MemberView>;
                list_operations() => Vec<OperationView>;
            }
            activity {
                list_audit(args: AuditQuery) => AuditPage;
                verify_audit() => AuditVerification;
            }
            settings {
                preferences() => Preferences;
                set_preferences(args: Preferences) => AppStatus;
            }
        }
    };
}
