(** * Integer weights, with nothing assumed *)
From Coq Require Import ZArith QArith Qcanon.
From Netprove Require Import Rows.

Lemma zero_integer a : Z.eqb a 0 = true -> integer a = 0%Qc.
Proof. intros H. apply Z.eqb_eq in H. subst. reflexivity. Qed.

Lemma positive_integer a : Z.ltb 0 a = true -> (0 < integer a)%Qc.
Proof. intros H. apply integer_positive, Z.ltb_lt, H. Qed.

Definition integers : ring := Ring Z (fun z => z) Z.add Z.mul (fun a => Z.eqb a 0) (Z.ltb 0) (fun a => a) integer
  (fun z => eq_refl) integer_add integer_mul zero_integer positive_integer.
