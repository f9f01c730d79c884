use proptest::prelude::*;

use super::*;

fn inequality(coefficients: &[i64], constant: i64) -> Inequality {
    Inequality { coefficients: coefficients.iter().map(|&n| n.into()).collect(), constant: constant.into() }
}

fn value(g: &Inequality, x: &[Rational]) -> Rational {
    let terms = g.coefficients.iter().zip(x).map(|(a, v)| v * Rational::from_integer(a.clone()));
    terms.sum::<Rational>() + Rational::from_integer(g.constant.clone())
}

/// The answer's own proof.
fn holds(variables: usize, system: &[Inequality], answer: &Interior) -> bool {
    match answer {
        Interior::Point(x) => x.len() == variables && system.iter().all(|g| value(g, x).is_positive()),
        Interior::Empty(multipliers) => {
            let sum = |f: &dyn Fn(&Inequality) -> Integer| {
                multipliers.iter().map(|(i, l)| l * f(&system[*i])).sum::<Integer>()
            };
            !multipliers.is_empty()
                && multipliers.iter().all(|(_, l)| l.is_positive())
                && (0..variables).all(|j| sum(&|g| g.coefficients[j].clone()).is_zero())
                && !sum(&|g| g.constant.clone()).is_positive()
        }
        Interior::Exhausted => false,
    }
}

/// Fourier and Motzkin's elimination: whether a strict system has a solution.
fn by_elimination(variables: usize, mut system: Vec<Vec<Rational>>) -> bool {
    for v in 0..variables {
        let (mut lower, mut upper, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        for g in system {
            match g[v].cmp(&Rational::zero()) {
                Ordering::Greater => lower.push(g),
                Ordering::Less => upper.push(g),
                Ordering::Equal => rest.push(g),
            }
        }
        for l in &lower {
            for u in &upper {
                rest.push(l.iter().zip(u).map(|(a, b)| a * -&u[v] + b * &l[v]).collect());
            }
        }
        system = rest;
    }
    system.iter().all(|g| g[variables].is_positive())
}

#[test]
fn systems_known_by_hand() {
    let work = Work::unlimited();
    for (variables, system, solvable) in [
        (1, vec![inequality(&[1], -1), inequality(&[-1], 2)], true),
        (1, vec![inequality(&[1], -1), inequality(&[-1], 1)], false),
        (1, vec![inequality(&[0], 0)], false),
        (2, vec![inequality(&[1, 1], -1), inequality(&[-1, 0], 0), inequality(&[0, -1], 0)], false),
        (2, vec![inequality(&[1, 1], -1), inequality(&[-1, 0], 1), inequality(&[0, -1], 1)], true),
        // Far away and thin.
        (1, vec![inequality(&[1_000_000], -999_999_999_999), inequality(&[-1_000_000], 1_000_000_000_000)], true),
    ] {
        let answer = interior(variables, &system, &work);
        assert!(holds(variables, &system, &answer), "{system:?}: {answer:?}");
        assert_eq!(matches!(answer, Interior::Point(_)), solvable, "{system:?}");
    }
}

#[test]
fn it_says_when_the_work_runs_out() {
    let system = [inequality(&[1], -1), inequality(&[-1], 1)];
    assert_eq!(interior(1, &system, &Work::new(0)), Interior::Exhausted);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn answers_prove_themselves_and_agree_with_elimination(
        variables in 1_usize..4,
        rows in prop::collection::vec((prop::collection::vec(-4_i64..5, 4), -3_i64..4), 1..8),
        scale in prop::sample::select(vec![1_i64, 7, 1 << 40]),
    ) {
        let system: Vec<Inequality> = rows.iter().enumerate().map(|(i, (a, b))| {
            let factor = if i % 2 == 0 { scale } else { 1 };
            let scaled: Vec<i64> = a[..variables].iter().map(|n| n * factor).collect();
            inequality(&scaled, b * factor)
        }).collect();
        let answer = interior(variables, &system, &Work::unlimited());
        prop_assert!(holds(variables, &system, &answer), "{:?}: {:?}", system, answer);
        let dense = system.iter().map(|g| g.coefficients.iter().chain([&g.constant]).map(|n| Rational::from_integer(n.clone())).collect()).collect();
        prop_assert_eq!(matches!(answer, Interior::Point(_)), by_elimination(variables, dense));
        // Integers of any size take the same steps.
        if let Some(slow) = Dictionary::<Integer>::new(variables, &system).and_then(|d| d.solve(&Work::unlimited()))
            && !system.iter().all(|g| g.constant.is_positive())
        {
            prop_assert_eq!(answer, slow);
        }
    }

    #[test]
    fn the_largest_value_is_attained_and_proved(
        variables in 1_usize..4,
        rows in prop::collection::vec((prop::collection::vec(-4_i64..5, 4), -3_i64..4), 1..8),
        goal in (prop::collection::vec(-4_i64..5, 4), -3_i64..4),
        scale in prop::sample::select(vec![1_i64, 1 << 40]),
    ) {
        let row = |(a, b): &(Vec<i64>, i64)| inequality(&a[..variables], *b);
        let system: Vec<Inequality> = rows.iter().map(row).collect();
        let scaled = (goal.0.iter().map(|n| n * scale).collect(), goal.1 * scale);
        let goal = row(&scaled);
        let work = Work::unlimited();
        let Interior::Point(start) = interior(variables, &system, &work) else { return Ok(()) };
        match largest(&goal, &system, &start, &work) {
            Largest::At { point, multipliers, goal: factor } => {
                prop_assert!(system.iter().all(|g| !value(g, &point).is_negative()), "{:?}", point);
                prop_assert!(factor.is_positive() && multipliers.iter().all(|(_, l)| l.is_positive()));
                let sum = |f: &dyn Fn(&Inequality) -> Integer| {
                    multipliers.iter().map(|(i, l)| l * f(&system[*i])).sum::<Integer>() + &factor * f(&goal)
                };
                prop_assert!((0..variables).all(|j| sum(&|g| g.coefficients[j].clone()).is_zero()));
                let bound = ratio(sum(&|g| g.constant.clone()), factor.clone());
                prop_assert_eq!(value(&goal, &point), bound);
            }
            Largest::Unbounded => {
                let far = Inequality { constant: &goal.constant - Integer::from(1_i64 << 50) * scale, ..goal };
                let dense = system.iter().chain([&far]).map(|g| {
                    g.coefficients.iter().chain([&g.constant]).map(|n| Rational::from_integer(n.clone())).collect()
                });
                prop_assert!(by_elimination(variables, dense.collect()));
            }
            Largest::Exhausted => prop_assert!(false, "the work is unlimited"),
        }
    }
}
