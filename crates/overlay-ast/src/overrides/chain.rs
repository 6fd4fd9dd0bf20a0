//! The calls that a package's value is made of: `(prev.x.override { … }).overrideAttrs (old: …)`.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use crate::Key;
use crate::names::{BindingId, Names, Target};

/// What a call changes of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// The attributes of its derivation.
    Attributes,
    /// The arguments of the function that makes it.
    Arguments,
}

impl Layer {
    /// The function that a new call calls.
    pub(super) fn function(self) -> &'static str {
        match self {
            Self::Attributes => "overrideAttrs",
            Self::Arguments => "override",
        }
    }

    fn of(function: &str) -> Option<Self> {
        match function {
            "overrideAttrs" | "overrideDerivation" | "overridePythonAttrs" => {
                Some(Self::Attributes)
            }
            "override" => Some(Self::Arguments),
            _ => None,
        }
    }
}

/// A call that overrides.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The name of what is called.
    pub(super) function: String,
    /// What it is given.
    pub(super) argument: SyntaxNode,
    /// It stands in a function or value of a `let` that something else uses too.
    pub(super) shared: bool,
}

/// The calls that one outcome of a value goes through, the outermost first.
pub(super) type Chain = Vec<Call>;

/// The calls of `layer`, or of both, that make up `value`, for each branch of its `if`s.
///
/// Other calls that override are looked through, and so are functions and values of the file's
/// `let`s. Takes time linear in the parts looked at.
pub(super) fn chains(value: &SyntaxNode, layer: Option<Layer>, names: &Names<'_>) -> Vec<Chain> {
    let mut walk = Walk {
        layer,
        names,
        entered: Vec::new(),
        out: Vec::new(),
    };
    walk.value(value, Way::default());
    walk.out
}

/// What an expression gives in the end: through `let`, `with`, `assert` and parentheses.
pub(super) fn result(node: &SyntaxNode) -> SyntaxNode {
    let mut node = node.clone();
    while matches!(
        node.kind(),
        NODE_LET_IN | NODE_WITH | NODE_ASSERT | NODE_PAREN
    ) && let Some(body) = node.last_child()
    {
        node = body;
    }
    node
}

/// How a part of the value was reached.
#[derive(Clone, Default)]
struct Way {
    chain: Chain,
    /// What the arguments of the functions that were entered stand for.
    arguments: Vec<Argument>,
    shared: bool,
}

#[derive(Clone)]
struct Argument {
    name: BindingId,
    value: SyntaxNode,
    /// It stands in a part that something else uses too.
    shared: bool,
}

/// Names of `let`s that are looked through one within another, and branches that are followed.
/// More would be no file that a person edits.
const MOST: usize = 64;

struct Walk<'n, 't> {
    layer: Option<Layer>,
    names: &'n Names<'t>,
    /// What was looked through, so that nothing is looked through for ever.
    entered: Vec<BindingId>,
    out: Vec<Chain>,
}

impl Walk<'_, '_> {
    fn wants(&self, layer: Layer) -> bool {
        self.layer.is_none_or(|wanted| wanted == layer)
    }

    fn value(&mut self, node: &SyntaxNode, way: Way) {
        let node = result(node);
        match node.kind() {
            NODE_IF_ELSE => {
                for branch in node.children().skip(1) {
                    self.value(&branch, way.clone());
                }
            }
            NODE_APPLY => self.call(&node, way),
            NODE_IDENT => self.name(&node, way),
            _ => self.out.push(way.chain),
        }
    }

    fn call(&mut self, node: &SyntaxNode, mut way: Way) {
        let (Some(function), Some(argument)) = (node.first_child(), node.last_child()) else {
            return self.out.push(way.chain);
        };
        let function = result(&function);
        if let Some(package) = self.package_of_lib(&function) {
            way.chain.push(Call {
                function: "overrideDerivation".to_owned(),
                argument,
                shared: way.shared,
            });
            return self.value(&package, way);
        }
        if function.kind() != NODE_SELECT {
            return self.function(node, way);
        }
        let mut parts = function.children();
        let (Some(base), Some(path)) = (parts.next(), parts.next()) else {
            return self.out.push(way.chain);
        };
        let Some(Key::Static(name)) = path.last_child().and_then(|key| Key::of(&key)) else {
            return self.out.push(way.chain);
        };
        if Layer::of(&name).is_some_and(|layer| self.wants(layer)) {
            way.chain.push(Call {
                function: name,
                argument,
                shared: way.shared,
            });
        } else if !name.starts_with("override") {
            return self.out.push(way.chain);
        }
        if path.children().count() == 1 {
            self.value(&base, way);
        } else {
            self.out.push(way.chain);
        }
    }

    /// The package in the old `lib.overrideDerivation package`.
    fn package_of_lib(&self, function: &SyntaxNode) -> Option<SyntaxNode> {
        let name = function.first_child()?;
        let is_it = function.kind() == NODE_APPLY
            && self.wants(Layer::Attributes)
            && name.to_string().ends_with("lib.overrideDerivation");
        is_it.then(|| function.last_child()).flatten()
    }

    /// A call of a function that a `let` of the file defines.
    fn function(&mut self, call: &SyntaxNode, mut way: Way) {
        let mut arguments = Vec::new();
        let shared = way.shared;
        let mut function = call.clone();
        while function.kind() == NODE_APPLY {
            arguments.extend(function.last_child());
            let Some(inner) = function.first_child() else {
                break;
            };
            function = result(&inner);
        }
        let Some((id, mut body)) = self.enter(&function, &mut way) else {
            return self.out.push(way.chain);
        };
        while let Some(value) = arguments.pop() {
            body = result(&body);
            if body.kind() != NODE_LAMBDA {
                // What it is called with goes to a result that is not known.
                self.entered.pop();
                return self.out.push(way.chain);
            }
            let head = body.first_child();
            if let Some(name) = head.filter(|head| head.kind() == NODE_IDENT_PARAM)
                && let Some(name) = name.first_child().and_then(|n| self.names.bound_at(&n))
            {
                way.arguments.push(Argument {
                    name,
                    value,
                    shared,
                });
            }
            let Some(inner) = body.last_child() else {
                break;
            };
            body = inner;
        }
        self.value(&body, way);
        debug_assert_eq!(self.entered.last(), Some(&id));
        self.entered.pop();
    }

    fn name(&mut self, node: &SyntaxNode, mut way: Way) {
        if let Some(Target::Binding(id)) = self.names.target(node)
            && let Some(at) = way.arguments.iter().rposition(|given| given.name == id)
        {
            let given = way.arguments.swap_remove(at);
            way.shared = given.shared;
            return self.value(&given.value, way);
        }
        match self.enter(node, &mut way) {
            Some((_, value)) => {
                self.value(&value, way);
                self.entered.pop();
            }
            None => self.out.push(way.chain),
        }
    }

    /// The value of the `let` binding that `name` refers to.
    fn enter(&mut self, name: &SyntaxNode, way: &mut Way) -> Option<(BindingId, SyntaxNode)> {
        let Some(Target::Binding(id)) = self.names.target(name) else {
            return None;
        };
        let value = self.names.let_value(id)?;
        if self.entered.contains(&id) || self.entered.len() + self.out.len() >= MOST {
            return None;
        }
        self.entered.push(id);
        way.shared |= self.names.references_to(id).count() > 1;
        Some((id, value))
    }
}
