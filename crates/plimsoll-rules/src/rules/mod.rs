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
        build_arg_not_declared, copy_source_missing, copy_source_outside_context,
        refused_by_buildkit, unknown_target_stage,
    }

    // What is sent to the builder.

    context {
        git_context_ignores_workspace, ignore_file_not_at_root, missing_ignore_file, source_ignored,
    }

    // What is installed, and from where.

    dependencies {
        path_outside_context, poetry_export_without_plugin, prefix_install_shares_interpreter,
        unlocked_install,
    }

    // What a build reuses.

    cache {
        cache_from_never_written, cache_to_never_read, changing_arg_before_install,
        copy_all_before_install, explicit_no_cache, gha_cache_needs_buildx, gha_scope_collision,
        inline_cache_multistage, inline_cache_with_mode, min_cache_multistage,
        no_cache_on_hosted_runner,
    }

    // What is left in the image.

    image {}

    // Users, secrets, unpinned inputs.

    security {}

    // The workflows themselves.

    workflow {}

    // What is deployed, and how it is taken back.

    deploy {}

    // How the service runs.

    runtime {}
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
