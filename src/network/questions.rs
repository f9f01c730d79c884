//! All properties of a network, as claims that nobody made: what `--properties` asks.

use super::behaviour::Behaviour;
use super::laws::{LAWS, equations, factor};
use super::program::{Claim, Program, Statement};

impl Program {
    /// Every property that can be asked of the networks without a number of its own, as claims; laws that
    /// do not fit a network are left out.
    pub fn questions(&mut self) -> Vec<Claim> {
        let factor = factor(&mut self.symbols).ok();
        let mut claims = Vec::new();
        for (index, network) in self.networks.iter().enumerate() {
            let mut ask = |property: String, statement: Statement| {
                let text = format!("{} is {property}", network.name);
                claims.push(Claim { statement, text, span: network.span });
            };
            for (name, law) in LAWS {
                let fits = law.misfit(network).is_none();
                let found = factor.filter(|_| fits).and_then(|factor| equations(network, *law, factor));
                if let Some(equations) = found {
                    ask((*name).into(), Statement::Law { network: index, law: *law, equations });
                }
            }
            let plain = [
                ("convex", Behaviour::Convex),
                ("concave", Behaviour::Concave),
                ("monotone", Behaviour::Monotone(None)),
                ("injective", Behaviour::Injective),
                ("surjective", Behaviour::Surjective),
                ("affine_along constants", Behaviour::AffineAlongConstants),
            ];
            for (name, behaviour) in plain {
                ask(name.into(), Statement::Behaviour { network: index, behaviour });
            }
            if network.inputs.len() > 1 {
                for (i, input) in network.inputs.iter().enumerate() {
                    let behaviour = Behaviour::Monotone(Some(i));
                    ask(format!("monotone {}", input.name), Statement::Behaviour { network: index, behaviour });
                }
            }
        }
        claims
    }
}
