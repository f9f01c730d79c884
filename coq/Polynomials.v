(** * Free weights: polynomials with integer coefficients in symbols 1, 2, 3, …

    A theorem for all weights computes with polynomials once and holds at every valuation [k] of the symbols
    ([polynomials]); one for some weights computes at numbers ([valued]). Both mean the same values. *)
From Coq Require Import Bool List ZArith QArith Qcanon Lia.
From Netprove Require Import Rows Affine.
Import ListNotations.
Open Scope Z_scope.
Open Scope Qc_scope.

(** Symbols, ascending and repeated as often as the power says. *)
Definition monomial := list positive.
Definition polynomial := list (monomial * Z).

Fixpoint order (m n : monomial) : comparison :=
  match m, n with
  | [], [] => Eq
  | [], _ => Lt
  | _, [] => Gt
  | a :: m, b :: n => match Pos.compare a b with Eq => order m n | c => c end
  end.

Fixpoint insert (a : positive) (m : monomial) : monomial :=
  match m with
  | [] => [a]
  | b :: m' => if Pos.leb a b then a :: m else b :: insert a m'
  end.

Definition monomial_mul (m n : monomial) : monomial := fold_right insert n m.

Fixpoint poly_add (p : polynomial) : polynomial -> polynomial :=
  match p with
  | [] => fun q => q
  | (m, a) :: p' => fix merge (q : polynomial) : polynomial :=
      match q with
      | [] => p
      | (n, b) :: q' =>
          match order m n with
          | Lt => (m, a) :: poly_add p' q
          | Gt => (n, b) :: merge q'
          | Eq => let c := (a + b)%Z in if Z.eqb c 0 then poly_add p' q' else (m, c) :: poly_add p' q'
          end
      end
  end.

Definition term_mul (t : monomial * Z) (p : polynomial) : polynomial :=
  fold_right (fun u s => poly_add [(monomial_mul (fst t) (fst u), (snd t * snd u)%Z)] s) [] p.
Definition poly_mul (p q : polynomial) : polynomial := fold_right (fun t s => poly_add (term_mul t q) s) [] p.
(** The coefficient of the greatest monomial. *)
Definition poly_size (p : polynomial) : Z := fold_left (fun _ t => snd t) p 0%Z.
Definition poly_number (z : Z) : polynomial := if Z.eqb z 0 then [] else [([], z)].

Section Values.
Context (k : positive -> Qc).

Definition monomial_value (m : monomial) : Qc := fold_right (fun s v => k s * v) 1 m.
Definition poly_value (p : polynomial) : Qc := fold_right (fun t v => integer (snd t) * monomial_value (fst t) + v) 0 p.

Lemma order_eq m : forall n, order m n = Eq -> m = n.
Proof.
  induction m as [|a m IH]; intros [|b n] H; simpl in *; try discriminate; [reflexivity|].
  destruct (Pos.compare_spec a b); try discriminate. subst. f_equal. apply IH, H.
Qed.

Lemma poly_add_correct p : forall q, poly_value (poly_add p q) = poly_value p + poly_value q.
Proof.
  induction p as [|[m a] p IH]; simpl; intros q; [ring|].
  induction q as [|[n b] q IHq]; simpl; [ring|].
  destruct (order m n) eqn:O.
  - apply order_eq in O. subst n. destruct (Z.eqb_spec (a + b) 0) as [E|E]; simpl; rewrite IH.
    + assert (Z : integer a + integer b = 0) by (rewrite <- integer_add, E; reflexivity).
      replace (integer a * monomial_value m + poly_value p + (integer b * monomial_value m + poly_value q))
        with ((integer a + integer b) * monomial_value m + poly_value p + poly_value q) by ring.
      rewrite Z. ring.
    + rewrite integer_add. ring.
  - simpl. rewrite IH. simpl. ring.
  - simpl. rewrite IHq. ring.
Qed.

Lemma insert_correct a m : monomial_value (insert a m) = k a * monomial_value m.
Proof. induction m as [|b m IH]; simpl; [reflexivity|]. destruct (Pos.leb a b); simpl; [reflexivity|]. rewrite IH. ring. Qed.

Lemma monomial_mul_correct m n : monomial_value (monomial_mul m n) = monomial_value m * monomial_value n.
Proof. induction m as [|a m IH]; simpl; [ring|]. rewrite insert_correct, IH. ring. Qed.

Lemma term_mul_correct t p : poly_value (term_mul t p) = integer (snd t) * monomial_value (fst t) * poly_value p.
Proof.
  induction p as [|u p IH]; unfold term_mul in *; cbn [fold_right]; [simpl; ring|].
  rewrite poly_add_correct, IH. simpl. rewrite integer_mul, monomial_mul_correct. ring.
Qed.

Lemma poly_mul_correct p q : poly_value (poly_mul p q) = poly_value p * poly_value q.
Proof.
  induction p as [|t p IH]; unfold poly_mul in *; cbn [fold_right]; [simpl; ring|].
  rewrite poly_add_correct, IH, term_mul_correct. simpl. ring.
Qed.

Lemma poly_number_correct z : poly_value (poly_number z) = integer z.
Proof. unfold poly_number. destruct (Z.eqb_spec z 0) as [->|]; simpl; [reflexivity | ring]. Qed.

Definition poly_zero (p : polynomial) : bool := match p with [] => true | _ => false end.
Definition poly_positive (p : polynomial) : bool := match p with [([], a)] => Z.ltb 0 a | _ => false end.

Lemma poly_zero_correct p : poly_zero p = true -> poly_value p = 0.
Proof. destruct p; [reflexivity | discriminate]. Qed.

Lemma poly_positive_correct p : poly_positive p = true -> 0 < poly_value p.
Proof.
  destruct p as [|[[|] a] [|]]; try discriminate. simpl. intros H. apply Z.ltb_lt in H.
  replace (integer a * 1 + 0) with (integer a) by ring. apply integer_positive, H.
Qed.

Definition polynomials : ring := Ring polynomial poly_number poly_add poly_mul poly_zero poly_positive poly_size poly_value
  poly_number_correct poly_add_correct poly_mul_correct poly_zero_correct poly_positive_correct.

(** Signs at this valuation. *)
Definition value_zero (p : polynomial) : bool := if Qc_eq_dec (poly_value p) 0 then true else false.
Definition value_positive (p : polynomial) : bool := if Qclt_le_dec 0 (poly_value p) then true else false.

Lemma value_zero_correct p : value_zero p = true -> poly_value p = 0.
Proof. unfold value_zero. destruct (Qc_eq_dec _ _); [auto | discriminate]. Qed.
Lemma value_positive_correct p : value_positive p = true -> 0 < poly_value p.
Proof. unfold value_positive. destruct (Qclt_le_dec _ _); [auto | discriminate]. Qed.

Definition valued : ring := Ring polynomial poly_number poly_add poly_mul value_zero value_positive poly_size poly_value
  poly_number_correct poly_add_correct poly_mul_correct value_zero_correct value_positive_correct.

(** Both rings mean the same values, so they mean the same by affine. *)
Lemma valued_affine f : is_affine valued f <-> is_affine polynomials f.
Proof. split; intros H; exact H. Qed.
End Values.

(** A valuation by a list of fractions: symbols in the list, and 0 for all others. *)
Definition valuation (l : list (positive * (Z * positive))) (s : positive) : Qc :=
  match find (fun v => Pos.eqb (fst v) s) l with
  | Some (_, (n, d)) => Q2Qc (n # d)
  | None => 0
  end.
