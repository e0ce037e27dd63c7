//! What a client is told when the catalogue refuses.

use super::Problem;
use crate::domain::catalogue::command::CatalogueRejection;

impl From<CatalogueRejection> for Problem {
    fn from(rejection: CatalogueRejection) -> Problem {
        let code = match &rejection {
            CatalogueRejection::Invalid(problems) => return Problem::invalid(problems.clone()),
            CatalogueRejection::Denied(denial) => denial.cause.code(),
            CatalogueRejection::NotFound(_) => "not_found",
            CatalogueRejection::NameTaken(_) => "name_taken",
            CatalogueRejection::BuiltIn(_) => "built_in",
            CatalogueRejection::KindFixed => "field_kind_fixed",
            CatalogueRejection::TypeInUse(_) => "record_type_in_use",
            CatalogueRejection::Referenced(_) => "referenced_by_active_sequence",
            CatalogueRejection::Exists => "idempotency_key_reused",
            CatalogueRejection::TagSlash => "tag_slash",
            CatalogueRejection::TagDepth => "tag_depth",
            CatalogueRejection::TagLevelFull => "tag_level_full",
            CatalogueRejection::TagCycle => "tag_cycle",
            CatalogueRejection::FilterBuiltIn => "filter_builtin",
            CatalogueRejection::SortBuiltIn => "sort_builtin",
            CatalogueRejection::SortDefault => "sort_default",
            CatalogueRejection::VersionMismatch(_) => "version_mismatch",
            CatalogueRejection::Full(_) => "catalogue_full",
        };
        Problem::new(code, rejection.to_string())
    }
}
