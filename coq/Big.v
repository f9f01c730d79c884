(** * Big integers on the processor's words: quicker, resting on the specifications of primitive integers *)
From Coq Require Import ZArith QArith Qcanon.
From Bignums Require Import BigZ.
From Netprove Require Import Rows.

Definition big_exact (a : BigZ.t) : Qc := integer (BigZ.to_Z a).

Lemma big_number z : big_exact (BigZ.of_Z z) = integer z.
Proof. unfold big_exact. rewrite BigZ.spec_of_Z. reflexivity. Qed.
Lemma big_add a b : big_exact (BigZ.add a b) = (big_exact a + big_exact b)%Qc.
Proof. unfold big_exact. rewrite BigZ.spec_add. apply integer_add. Qed.
Lemma big_mul a b : big_exact (BigZ.mul a b) = (big_exact a * big_exact b)%Qc.
Proof. unfold big_exact. rewrite BigZ.spec_mul. apply integer_mul. Qed.
Lemma big_zero a : BigZ.eqb a BigZ.zero = true -> big_exact a = 0%Qc.
Proof. rewrite BigZ.spec_eqb. intros H. apply Z.eqb_eq in H. unfold big_exact. rewrite H. reflexivity. Qed.
Lemma big_positive a : BigZ.ltb BigZ.zero a = true -> (0 < big_exact a)%Qc.
Proof. rewrite BigZ.spec_ltb. intros H. apply Z.ltb_lt in H. apply integer_positive, H. Qed.

Definition big_integers : ring := Ring BigZ.t BigZ.of_Z BigZ.add BigZ.mul (fun a => BigZ.eqb a BigZ.zero)
  (BigZ.ltb BigZ.zero) BigZ.to_Z big_exact big_number big_add big_mul big_zero big_positive.
