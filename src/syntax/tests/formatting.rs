//! The usual layout.

use super::{REPVGG, RESIDUAL};
use crate::syntax::format;

fn check(text: &str, expected: &str) {
    assert_eq!(format(text).as_deref(), Ok(expected), "{text:?}");
    assert_eq!(format(expected).as_deref(), Ok(expected));
}

#[test]
fn the_samples_are_in_the_usual_layout() {
    assert_eq!(format(REPVGG).as_deref(), Ok(REPVGG));
    assert_eq!(format(RESIDUAL), Ok(RESIDUAL.replace("blur    =", "blur =")));
}

#[test]
fn blanks() {
    check("let a=-1+2*( - 3 )", "let a = -1 + 2 * (-3)\n");
    check("let a = x-y - -z", "let a = x - y - -z\n");
    check("let a = [1,2 ,[ 3 ] , ]", "let a = [1, 2, [3], ]\n".replace(", ]", ",]").as_str());
    check("let a = f ( x ,pad = 1, k=-2 )|>g", "let a = f(x, pad=1, k=-2) |> g\n");
    check("let a = [1 / 3,-1/ 3] / 16 + b/2", "let a = [1/3, -1/3] / 16 + b / 2\n");
    check("let a = x / 2 / 3 + 1 / 2 * 3", "let a = x / 2 / 3 + 1/2 * 3\n");
    check("forall x ,y:1x8x8  in[0 ,1],a : 1", "forall x, y: 1x8x8 in [0, 1], a: 1\n");
    check("prove forall x:8 . f( x )==g(x)within 1e-6", "prove forall x: 8. f(x) == g(x) within 1e-6\n");
    check("prove f is lipschitz 3 / 2", "prove f is lipschitz 3/2\n");
    check("import   \"a  b.net\"as b", "import \"a  b.net\" as b\n");
    check("network f(x:1){relu;conv(k)}let a=1;let b=2", "network f(x: 1) { relu; conv(k) } let a = 1; let b = 2\n");
    check("network f(x:1){}", "network f(x: 1) {}\n");
    check("network f( x:8 )=x|>relu", "network f(x: 8) = x |> relu\n");
    check(
        "network f(x: 8) {\noutput(x)+-(y)\noutput -x\n}",
        "network f(x: 8) {\n    output (x) + -(y)\n    output -x\n}\n",
    );
}

#[test]
fn comments_and_empty_lines() {
    check("", "");
    check("\n\n  \n", "");
    check("\u{feff}\r\n\r\n#one  \r\n\r\n\r\n#  two", "#one\n\n#  two\n");
    check("let a = 1    # one\n\n\n\nlet b = 2# two  ", "let a = 1 # one\n\nlet b = 2 # two\n");
    check(
        "network f(x: 1) { # body\n\n # first\n relu\n\n\n  # second\n relu\n # last\n\n}\n",
        "network f(x: 1) { # body\n\n    # first\n    relu\n\n    # second\n    relu\n    # last\n}\n",
    );
    check(
        "let a = [ # why\n1, # one\n# two\n2\n# end\n]",
        "let a = [ # why\n    1, # one\n    # two\n    2\n    # end\n]\n",
    );
}

#[test]
fn indentation() {
    check("let a =\n1 +\n2\nlet b = 3", "let a =\n    1 +\n    2\nlet b = 3\n");
    check(
        "network f(x: 1) {\na = x\n|> conv(\nk,\npad=1\n)\n# then\n|> relu\n}",
        "network f(x: 1) {\n    a = x\n        |> conv(\n            k,\n            pad=1\n        )\n        # then\n        |> relu\n}\n",
    );
    check("let k = [[1, 2],\n [3, 4]\n]", "let k = [[1, 2],\n         [3, 4]\n        ]\n");
    check("let k = [\n[1, 2],\n[3, 4],\n]", "let k = [\n    [1, 2],\n    [3, 4],\n]\n");
    check("network f(x: 1,\ny: 2)\n{\nrelu\n}", "network f(x: 1,\n          y: 2)\n{\n    relu\n}\n");
    check("network f(\nx: 1,\n) {\nrelu\n}", "network f(\n    x: 1,\n) {\n    relu\n}\n");
    check("let k = (a\n- b\n|> f\n)".replace("- b\n", "").as_str(), "let k = (a\n         |> f\n        )\n");
    check("let k = (a\n- b)", "let k = (a\n         - b)\n");
}

#[test]
fn texts_with_mistakes_are_not_formatted() {
    assert_eq!(format("let a = ").map_err(|mistakes| mistakes.len()), Err(1));
    assert_eq!(format("let a = x |> f + y\nlet b = 1e99999").map_err(|mistakes| mistakes.len()), Err(2));
}
