//! Proofs by cases: their texts, how deep they may be, and that changed ones are refused.

use netprove::algebra::Rational;
use netprove::decide::regions::{Allowance, Ended, Growth, Leaf, Linear, Program, Tree, search, verify};

fn number(n: i64) -> Rational {
    Rational::from_integer(n.into())
}

fn form(terms: &[(usize, i64)], constant: i64) -> Linear {
    Linear { terms: terms.iter().map(|&(v, c)| (v, number(c))).collect(), constant: number(constant) }
}

#[test]
fn growths_and_trees_have_texts() {
    let text = "split 1 3\nempty 0:1 3:12 ;\nfixed 0 1 2:5 ; ;\nleaf\nopen\n";
    let growth = Growth::from_text(text).expect("a growth");
    assert_eq!(growth.to_text(), text);
    assert_eq!(growth.regions(), 1);
    assert!(growth.finished().is_none());
    let tree = Growth::from_text(&text.replace("open", "leaf")).and_then(Growth::finished).expect("a tree");
    assert_eq!(Growth::of(&tree).to_text(), text.replace("open", "leaf"));
    for wrong in [
        "",
        "leaf\nleaf",
        "split 1 99999999999",
        "split 1 2\nleaf",
        "empty",
        "empty 0:1",
        "empty 0:x ;",
        "fixed 0\nleaf",
    ] {
        assert!(Growth::from_text(wrong).is_none(), "{wrong}");
    }
}

/// Thousands of maxima, one inside of the other, take work and not the stack.
#[test]
fn deep_trees_do_not_end_the_stack() {
    const DEEP: usize = 2500;
    let chain = |a: usize| vec![form(&[], 0), form(&[(a, 1)], 1)];
    let program = Program {
        bounds: vec![Some((number(0), number(1)))],
        atoms: (0..DEEP).map(chain).collect(),
        outputs: vec![form(&[(DEEP, 1)], 0)],
    };
    let allowance = Allowance { regions: 10, work: 1 << 40, notes: None };
    let (ended, _) = search(&program, allowance, &|_: &Leaf<'_>| None::<()>);
    let Ended::All(tree) = ended else { panic!("not all") };
    assert!(verify(&program, &tree, &mut |outputs, _| outputs[0] == form(&[(0, 1)], DEEP as i64)));
    let little = Allowance { work: 1 << 16, ..allowance };
    assert!(matches!(search(&program, little, &|_: &Leaf<'_>| None::<()>).0, Ended::Exhausted(_)));
}

/// A tree with one thing changed is refused.
#[test]
fn changed_trees_are_refused() {
    let one = || Rational::from_integer(1.into());
    // max{0, x} + max{0, −x}, whose value is |x|, on [1, 2]: x there.
    let form = |c: i64, constant: i64| Linear {
        terms: if c == 0 { Vec::new() } else { vec![(0, Rational::from_integer(c.into()))] },
        constant: Rational::from_integer(constant.into()),
    };
    let program = Program {
        bounds: vec![Some((one(), Rational::from_integer(2.into())))],
        atoms: vec![vec![form(0, 0), form(1, 0)], vec![form(0, 0), form(-1, 0)]],
        outputs: vec![Linear { terms: vec![(1, one()), (2, one())], constant: Rational::from_integer(0.into()) }],
    };
    // 0 − x > 0 and x − 1 > 0 exclude each other: their sum is −1.
    let fixed = |atom: usize, argument: usize, others: Vec<(usize, i64)>, then: Tree| Tree::Fixed {
        atom,
        argument,
        others: vec![others.into_iter().map(|(i, l)| (i, l.into())).collect()],
        then: Box::new(then),
    };
    let mut accept = |outputs: &[Linear], _: &[Linear]| outputs[0] == form(1, 0);
    let mut good = |tree: &Tree| verify(&program, tree, &mut accept);
    let right = |n: i64| fixed(0, 1, vec![(0, 1), (2, 1)], fixed(1, 0, vec![(0, n), (2, 1)], Tree::Leaf));
    assert!(good(&right(1)));
    assert!(!good(&right(2)), "the multipliers do not cancel x");
    assert!(!good(&right(0)), "multipliers are positive");
    assert!(
        !good(&fixed(0, 0, vec![(0, 1), (2, 1)], fixed(1, 0, vec![(0, 1), (2, 1)], Tree::Leaf))),
        "the wrong argument"
    );
    assert!(!good(&fixed(0, 1, vec![(0, 1), (2, 1)], Tree::Leaf)), "an atom is left");
    assert!(!good(&fixed(0, 1, vec![], Tree::Leaf)), "no reason");
    assert!(!good(&Tree::Empty(vec![(0, 1.into()), (1, 1.into())])), "the domain is not empty");
    assert!(!good(&Tree::Empty(vec![])), "no multipliers");
    let empty = || Tree::Empty(vec![(0, 1.into()), (2, 1.into())]);
    let then = || fixed(1, 0, vec![(0, 1), (3, 1)], Tree::Leaf);
    assert!(good(&Tree::Split { atom: 0, branches: vec![empty(), then()] }));
    assert!(!good(&Tree::Split { atom: 0, branches: vec![empty()] }), "a case is missing");
    assert!(!good(&Tree::Split { atom: 0, branches: vec![then(), empty()] }), "the cases are exchanged");
}

/// Arguments that become equal on a region leave its points inside: the region is not lost.
#[test]
fn equal_arguments_do_not_empty_a_region() {
    // a = max{0, x}, b = max{0, a − x}, which for x > 0 is max{0, 0}; c = max{0, x − 5}.
    let zero = || form(&[], 0);
    let program = Program {
        bounds: vec![None],
        atoms: vec![
            vec![zero(), form(&[(0, 1)], 0)],
            vec![zero(), form(&[(0, -1), (1, 1)], 0)],
            vec![zero(), form(&[(0, 1)], -5)],
        ],
        outputs: vec![form(&[(2, 1), (3, 1)], 0)],
    };
    let seen = std::sync::Mutex::new(Vec::new());
    let allowance = Allowance { regions: 100, work: 1_000_000, notes: None };
    let (ended, regions) = search(&program, allowance, &|leaf: &Leaf<'_>| {
        seen.lock().expect("no panics").push((leaf.point[0].clone(), leaf.outputs[0].clone()));
        None::<()>
    });
    let Ended::All(tree) = ended else { panic!("{ended:?}") };
    assert_eq!(regions, 3);
    assert!(verify(&program, &tree, &mut |_, _| true));
    let mut seen = seen.into_inner().expect("no panics");
    seen.sort_by(|a, b| a.0.cmp(&b.0));
    let slopes: Vec<_> = seen.iter().map(|(_, form)| form.terms.clone()).collect();
    assert_eq!(slopes, [vec![(0, number(-1))], vec![], vec![(0, number(1))]]);

    // Nor may a proof by cases use that 0 > 0 holds nowhere.
    let tie = Program { bounds: vec![None], atoms: vec![vec![zero(), zero()]], outputs: vec![form(&[(1, 1)], 0)] };
    let nothing = || Tree::Empty(vec![(0, 1.into())]);
    assert!(!verify(&tie, &Tree::Split { atom: 0, branches: vec![nothing(), nothing()] }, &mut |_, _| true));
    let fixed = Tree::Fixed { atom: 0, argument: 1, others: vec![vec![]], then: Box::new(Tree::Leaf) };
    assert!(verify(&tie, &fixed, &mut |outputs, _| outputs[0] == zero()));
}
