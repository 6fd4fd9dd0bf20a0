//! Appending options to attributes of a file.

use rnix::SyntaxKind::NODE_LET_IN;
use rnix::SyntaxNode;

use super::Flags;
use super::extend::{Before, Context, extended, inherited, new_value};
use crate::attributes::in_parts;
use crate::look::Look;
use crate::names::Names;
use crate::overrides::lib;
use crate::scope::{self, Hit};
use crate::{Document, Error, KeyPath, TextEdit};

impl Document {
    /// Appends to `path`, wherever `look` says.
    pub(crate) fn append(
        &self,
        look: &Look,
        path: &KeyPath,
        flags: &Flags,
    ) -> Result<Vec<TextEdit>, Error> {
        if let Some(hit) = self.one(path, look.hits(path.keys()))? {
            return self.extend(&hit, path, flags, None);
        }
        let context = Context {
            text: self.text(),
            names: None,
            path,
            lib: None,
        };
        let value = new_value(&context, Before::Nothing, flags, "");
        Ok(vec![self.add(look, path, &value)?])
    }

    /// Appends to what is defined.
    pub(crate) fn extend(
        &self,
        hit: &Hit,
        path: &KeyPath,
        flags: &Flags,
        names: Option<&Names<'_>>,
    ) -> Result<Vec<TextEdit>, Error> {
        let context = |at: &SyntaxNode| Context {
            text: self.text(),
            names,
            path,
            lib: lib(at),
        };
        match hit {
            Hit::Binding(entry) => extended(&context(entry), &scope::value(entry), flags),
            Hit::Inherited { name, inherit } => {
                let from = inherited_from(name, inherit)?;
                let value = inherited(&context(inherit), &from, flags);
                self.peel(name, inherit, path.keys().last().map(|key| (key, &*value)))
            }
            Hit::Part(entry) => Err(in_parts(path, entry)),
        }
    }
}

/// What an inherited name stands for, as an expression beside the `inherit`.
///
/// # Errors
///
/// [`Error::Conflict`] if the name means something else there, as in `rec { inherit x; }`.
pub(crate) fn inherited_from(name: &SyntaxNode, inherit: &SyntaxNode) -> Result<String, Error> {
    let set = inherit.parent();
    let binds = set.is_some_and(|set| scope::is_recursive(&set) || set.kind() == NODE_LET_IN);
    if binds && scope::inherit_from(inherit).is_none() {
        return Err(Error::Conflict {
            message: format!("`{name}` is itself here, and not what is inherited"),
            span: name.text_range().into(),
            hint: "write out what it is",
        });
    }
    Ok(scope::inherited_expression(name, inherit))
}
