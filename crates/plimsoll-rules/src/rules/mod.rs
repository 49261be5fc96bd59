//! The rules, one file each; a rule is in the catalogue when its line is here.

use crate::rule::Rule;

/// Declares the modules of a section and gathers their rules.
macro_rules! rules {
    ($($section:ident { $($rule:ident),* $(,)? })*) => {
        $(mod $section { $(pub(super) mod $rule;)* })*
        static ALL: &[&Rule] = &[$($(&$section::$rule::RULE,)*)*];
    };
}

rules! {
    dockerfile {
        apt_in_script, base_without_default, bash_under_sh, build_arg_not_declared, constant_platform, copy_source_missing, copy_source_outside_context, curl_error_saved, debian_frontend_kept, duplicate_stage_name, empty_continuation, expose_maps_host, expose_protocol_case, from_as_case, install_asks, install_without_update, instruction_case, legacy_key_value, maintainer, misread_description, overridden_instruction, pipe_hides_failure, redundant_platform, refused_by_buildkit, relative_workdir, reserved_stage_name, run_without_effect, sh_replaced_by_link, stage_name_case, undeclared_arg_in_from, undefined_variable, unknown_frontend, unknown_target_stage,
    }

    // What is sent to the builder.

    context {
        contexts_disagree, git_context_ignores_workspace, ignore_file_not_at_root, missing_ignore_file, source_ignored,
    }

    // What is installed, and from where.

    dependencies {
        editable_left_behind, hashes_with_path, import_fails, internal_name_on_public_index,
        linked_package_incomplete, lock_disagrees, manifest_unreadable, path_not_copied,
        path_outside_context, poetry_export_without_plugin, prefix_install_shares_interpreter,
        private_source_without_credentials, readme_ignored, submodule_not_checked_out,
        unlocked_install,
    }

    // What a build reuses.

    cache {
        cache_from_image_multistage, cache_from_never_written, cache_to_never_read, changing_arg_before_install, copy_all_before_install, explicit_no_cache, gha_cache_needs_buildx, gha_scope_collision, inline_cache_multistage, inline_cache_with_mode, local_cache_grows, min_cache_multistage, no_cache_on_hosted_runner, setup_without_cache,
    }

    // What is left in the image.

    image {
        apt_lists_left, archive_left, build_tools_in_final_stage, debug_tools_installed,
        dev_dependencies_installed, does_not_build, duplicate_files, library_missing,
        needless_files, package_cache_kept, package_manager_left, pip_cache_kept,
        program_cannot_start, python_bytecode_missing, recommends_installed, removed_in_later_layer, secret_in_layer,
        setuid_program_added, sparse_login_log, standard_library_without_bytecode,
        system_upgraded, wasted_bytes, world_writable,
    }

    // Users, secrets, unpinned inputs.

    security {
        base_not_allowed, base_without_updates, password_in_build, root_user, secret_as_build_arg, secret_file_copied, secret_in_dockerfile, sudo_in_build, tls_verification_off, unpinned_base, unpinned_package, unsigned_packages,
        unverified_download, writable_by_everybody,
    }

    // The workflows themselves.

    workflow {
        action_input_removed, action_input_unknown, archived_builder, change_seen_by_last_commit, checkout_full_history, concurrency_group_shared, concurrency_key_empty, deploy_cancel_in_progress, deploy_concurrency_missing, deploy_without_gate, dockerfile_edited_by_step, emulated_build, environment_missing, image_as_artifact, image_not_built_on_pull_request, job_on_pull_request_pushes, job_timeout_missing, matrix_deploy_fail_fast, needs_not_declared, path_filter_incomplete, path_filter_matches_nothing, path_filter_missing, permissions_too_wide, platform_not_deployed, poll_loop_unbounded, pull_request_not_cancelled, retry_on_deploy, rules_changes_missing, serial_image_builds, service_account_key, service_deployed_twice, skipped_with_needs, tests_not_interruptible, unpinned_deploy_tool, untested_commit_deployed,
    }

    // What is deployed, and how it is taken back.

    deploy {
        apply_without_rollout_status, built_not_deployed, deprecated_registry, digest_unused, helm_without_rollback, image_built_twice, migration_not_awaited, mutable_tag_deployed, only_mutable_tag_pushed, registry_region_mismatch, repeated_tag_flag, rollback_missing, rollback_reads_first_traffic_entry, secret_in_plain_env, secret_version_floating, source_deploy_in_ci, traffic_all_at_once, traffic_stuck_after_rollback, verification_missing,
    }

    // How the service runs.

    runtime {
        bind_localhost, concurrency_without_workers, cpu_below_one_concurrency, cpu_boost_cannot_help, cpu_boost_off, cpu_limit_slows_start, cpu_memory_invalid, dependency_not_awaited, dev_server, does_not_start, expose_disagrees, health_not_answered, healthcheck_ignored, healthz_on_cloud_run, killed_on_stop, liveness_equals_readiness, liveness_without_startup, max_instances_unset, memory_headroom_small, memory_limit_missing, no_drain_before_stop, non_root_refused, outage_per_rollout, port_mismatch, port_not_opened, progress_deadline_short, scale_to_zero, shell_form_without_exec, slow_imports, startup_probe_missing, startup_window_short, user_unknown, worker_throttled,
    }

    // Plimsoll's own settings.

    config { expired_waiver, fault, no_service, stale_waiver }
}

/// Every rule, by section.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    ALL.iter().copied()
}

/// The rule of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Rule> {
    all().find(|r| r.name == name)
}
