(** * Exact numbers, and affine rows that stand for them

    The weights of a network are of a type with exact values ([ring]): integers, big integers, polynomials in free
    weights. [exact] is the meaning of a network: rational numbers in canonical form, with Leibniz equality.
    A [row] is an affine form (constant + Σ weight · variable) / denominator, and [at_row] its value. Bounds of the
    variables, a [box], may show that a row is nowhere negative ([row_nonneg]). *)
From Coq Require Import Bool List ZArith QArith Qcanon Lia.
From Netprove Require Import Network Relate.
Import ListNotations.
Open Scope Z_scope.
Open Scope Qc_scope.

Definition integer (z : Z) : Qc := Q2Qc (inject_Z z).
Definition natural (d : positive) : Qc := integer (Zpos d).

(** A type of weights. Signs need only be found where they are certain; [size] guides searches and means nothing. *)
Record ring := Ring {
  weight : Type;
  number : Z -> weight;
  add : weight -> weight -> weight;
  mul : weight -> weight -> weight;
  is_zero : weight -> bool;
  is_positive : weight -> bool;
  size : weight -> Z;
  exactly : weight -> Qc;
  number_exact : forall z, exactly (number z) = integer z;
  add_exact : forall a b, exactly (add a b) = exactly a + exactly b;
  mul_exact : forall a b, exactly (mul a b) = exactly a * exactly b;
  zero_exact : forall a, is_zero a = true -> exactly a = 0;
  positive_exact : forall a, is_positive a = true -> 0 < exactly a }.

(** ** Rational numbers *)

Definition larger (a b : Qc) : Qc := if Qclt_le_dec a b then b else a.
Definition smaller (a b : Qc) : Qc := if Qclt_le_dec a b then a else b.

Definition exact (R : ring) : numbers (weight R) Qc := {|
  sum c l d := (exactly R c + fold_right (fun t s => exactly R (fst t) * snd t + s) 0 l) / natural d;
  max a b := Some (larger a b);
  min a b := Some (smaller a b);
  times a b := Some (a * b) |}.

Lemma integer_add a b : integer (a + b) = integer a + integer b.
Proof. apply Qc_is_canon. unfold integer, Qcplus. cbn [this Q2Qc]. rewrite !Qred_correct. unfold Qeq; simpl; lia. Qed.

Lemma integer_mul a b : integer (a * b) = integer a * integer b.
Proof. apply Qc_is_canon. unfold integer, Qcmult. cbn [this Q2Qc]. rewrite !Qred_correct. unfold Qeq; simpl; lia. Qed.

Lemma integer_positive z : (0 < z)%Z -> 0 < integer z.
Proof. intros H. unfold Qclt, integer. cbn [this Q2Qc]. rewrite !Qred_correct. unfold Qlt; simpl; lia. Qed.

Lemma natural_positive d : 0 < natural d.
Proof. apply integer_positive; reflexivity. Qed.

Lemma natural_nonzero d : natural d <> 0.
Proof. apply not_eq_sym, Qclt_not_eq, natural_positive. Qed.

Lemma natural_mul a b : natural (a * b) = natural a * natural b.
Proof. apply integer_mul with (a := Zpos a) (b := Zpos b). Qed.
#[export] Hint Resolve natural_nonzero : core.

Lemma natural_one : natural 1 = 1.
Proof. apply Qc_is_canon; reflexivity. Qed.

Lemma integer_minus_one : integer (-1) = - (1).
Proof. apply Qc_is_canon; reflexivity. Qed.

Lemma product_nonneg a b : 0 <= a -> 0 <= b -> 0 <= a * b.
Proof. intros Ha Hb. replace 0 with (0 * b) by ring. apply Qcmult_le_compat_r; assumption. Qed.

Lemma inverse_positive a : 0 < a -> 0 < / a.
Proof.
  intros H. destruct (Qclt_le_dec 0 (/ a)) as [|L]; [assumption|exfalso].
  assert (F : 1 <= 0).
  { replace 1 with (/ a * a) by (field; apply not_eq_sym, Qclt_not_eq; assumption).
    replace 0 with (0 * a) by ring. apply Qcmult_le_compat_r; [assumption | apply Qclt_le_weak; assumption]. }
  apply F. reflexivity.
Qed.

Lemma quotient_nonneg a d : 0 <= a -> 0 <= a / natural d.
Proof. intros H. apply product_nonneg; [assumption | apply Qclt_le_weak, inverse_positive, natural_positive]. Qed.

Lemma difference_nonneg a b : 0 <= a - b <-> b <= a.
Proof. symmetry. apply Qcle_minus_iff. Qed.

Lemma larger_left u v : v <= u -> larger u v = u.
Proof. unfold larger. destruct (Qclt_le_dec u v) as [L|L]; [|reflexivity]. intros H. destruct (Qclt_not_le _ _ L H). Qed.
Lemma larger_right u v : u <= v -> larger u v = v.
Proof. unfold larger. destruct (Qclt_le_dec u v) as [L|L]; [reflexivity|]. intros H. apply Qcle_antisym; assumption. Qed.
Lemma smaller_right u v : v <= u -> smaller u v = v.
Proof. unfold smaller. destruct (Qclt_le_dec u v) as [L|L]; [|reflexivity]. intros H. destruct (Qclt_not_le _ _ L H). Qed.
Lemma smaller_left u v : u <= v -> smaller u v = u.
Proof. unfold smaller. destruct (Qclt_le_dec u v) as [L|L]; [reflexivity|]. intros H. apply Qcle_antisym; assumption. Qed.

(** ** Rows *)

(** The coefficients of an affine form, by the position of the input entry. *)
Inductive trie (W : Type) := Nothing | Branch (even : trie W) (here : W) (odd : trie W).
Arguments Nothing {W}. Arguments Branch {W}.

Record row (W : Type) := Row { linear : trie W; free : W; denominator : positive }.
Arguments Row {W}. Arguments linear {W}. Arguments free {W}. Arguments denominator {W}.

Section Rows.
Context (R : ring).
Notation W := (weight R).

Fixpoint scale (w : W) (t : trie W) : trie W :=
  match t with
  | Nothing => Nothing
  | Branch l v r => Branch (scale w l) (mul R w v) (scale w r)
  end.

(** s + w·t *)
Fixpoint plus (s : trie W) (w : W) (t : trie W) : trie W :=
  match s, t with
  | s, Nothing => s
  | Nothing, t => scale w t
  | Branch l u r, Branch l' v r' => Branch (plus l w l') (add R u (mul R w v)) (plus r w r')
  end.

Fixpoint no_entry (t : trie W) : bool :=
  match t with
  | Nothing => true
  | Branch l v r => is_zero R v && no_entry l && no_entry r
  end.

Fixpoint at_inputs (x : positive -> Qc) (t : trie W) : Qc :=
  match t with
  | Nothing => 0
  | Branch l v r =>
      at_inputs (fun p => x (xO p)) l + exactly R v * x xH + at_inputs (fun p => x (xI p)) r
  end.

Lemma scale_correct x w t : at_inputs x (scale w t) = exactly R w * at_inputs x t.
Proof. revert x; induction t; intros x; simpl; [ring|]. rewrite IHt1, IHt2, mul_exact. ring. Qed.

Lemma plus_correct x s w t : at_inputs x (plus s w t) = at_inputs x s + exactly R w * at_inputs x t.
Proof.
  revert x t; induction s as [|l IHl u r IHr]; intros x [|l' v r']; simpl; try ring.
  - rewrite !scale_correct, mul_exact. ring.
  - rewrite IHl, IHr, add_exact, mul_exact. ring.
Qed.

Lemma no_entry_correct x t : no_entry t = true -> at_inputs x t = 0.
Proof.
  revert x; induction t; intros x H; simpl in *; [reflexivity|].
  apply andb_prop in H as [H1 H2]; apply andb_prop in H1 as [H0 H1].
  rewrite IHt1, IHt2, (zero_exact R here) by assumption. ring.
Qed.

Definition at_row (x : positive -> Qc) (r : row W) : Qc :=
  (exactly R (free r) + at_inputs x (linear r)) / natural (denominator r).

(** a + w·b *)
Definition plus_row (a : row W) (w : W) (b : row W) : row W :=
  if Pos.eqb (denominator a) (denominator b) then
    Row (plus (linear a) w (linear b)) (add R (free a) (mul R w (free b))) (denominator a)
  else
    let (_, factors) := Pos.ggcd (denominator a) (denominator b) in
    let s := number R (Zpos (snd factors)) in
    let w := mul R (number R (Zpos (fst factors))) w in
    Row (plus (scale s (linear a)) w (linear b)) (add R (mul R s (free a)) (mul R w (free b)))
        (denominator a * snd factors).

Lemma plus_row_correct x a w b : at_row x (plus_row a w b) = at_row x a + exactly R w * at_row x b.
Proof.
  unfold plus_row, at_row. destruct (Pos.eqb_spec (denominator a) (denominator b)) as [E|E].
  - simpl. rewrite plus_correct, add_exact, mul_exact, E. field. auto.
  - generalize (Pos.ggcd_correct_divisors (denominator a) (denominator b)).
    destruct (Pos.ggcd _ _) as (g & f & h). simpl. intros [Ha Hb].
    rewrite plus_correct, scale_correct, add_exact, !mul_exact, !number_exact.
    change (integer (Zpos h)) with (natural h). change (integer (Zpos f)) with (natural f).
    rewrite Ha, Hb, !natural_mul. field. repeat split; auto.
Qed.

Definition row_sum (c : W) (l : list (W * row W)) (d : positive) : row W :=
  let r := fold_right (fun t s => plus_row s (fst t) (snd t)) (Row Nothing c 1) l in
  Row (linear r) (free r) (denominator r * d).

Lemma row_sum_correct x c l d : at_row x (row_sum c l d) =
  (exactly R c + fold_right (fun t s => exactly R (fst t) * at_row x (snd t) + s) 0 l) / natural d.
Proof.
  set (start := Row Nothing c 1).
  assert (H : at_row x (fold_right (fun t s => plus_row s (fst t) (snd t)) start l) =
              exactly R c + fold_right (fun t s => exactly R (fst t) * at_row x (snd t) + s) 0 l).
  { induction l as [|t l IH]; simpl.
    - unfold at_row, start; simpl. rewrite natural_one. field. discriminate.
    - rewrite plus_row_correct, IH. ring. }
  unfold row_sum. fold start. rewrite <- H. unfold at_row; simpl. rewrite natural_mul. field. auto.
Qed.

Definition number_row (w : W) (d : positive) : row W := Row Nothing w d.

Lemma number_row_correct x w d : at_row x (number_row w d) = exactly R w / natural d.
Proof. unfold at_row, number_row; simpl. f_equal. ring. Qed.

Definition minus_row (a c : row W) : row W := plus_row a (number R (-1)) c.

Lemma minus_row_correct x a c : at_row x (minus_row a c) = at_row x a - at_row x c.
Proof. unfold minus_row. rewrite plus_row_correct, number_exact, integer_minus_one. ring. Qed.

Definition same_row (a b : row W) : bool :=
  let d := minus_row a b in no_entry (linear d) && is_zero R (free d).

Lemma same_row_correct x a b : same_row a b = true -> at_row x a = at_row x b.
Proof.
  unfold same_row. intros H. apply andb_prop in H as [H1 H2].
  assert (E := minus_row_correct x a b). unfold at_row in E at 1.
  rewrite (no_entry_correct x _ H1), (zero_exact R _ H2) in E.
  replace (at_row x a) with (at_row x b + (at_row x a - at_row x b)) by ring. rewrite <- E. field. auto.
Qed.

Fixpoint same_rows (l m : list (row W)) : bool :=
  match l, m with
  | [], [] => true
  | a :: l, b :: m => same_row a b && same_rows l m
  | _, _ => false
  end.

(** A row stands for a number. *)
Definition stands (x : positive -> Qc) (r : row W) (q : Qc) : Prop := at_row x r = q.

Lemma same_rows_correct x : forall l m u v, same_rows l m = true ->
  Forall2 (stands x) l u -> Forall2 (stands x) m v -> u = v.
Proof.
  induction l as [|a l IH]; intros [|b m] u v H U V; try discriminate; inversion U; inversion V; subst; [reflexivity|].
  simpl in H. apply andb_prop in H as [E F]. f_equal; [|eapply IH; eassumption].
  unfold stands in *. subst. apply same_row_correct, E.
Qed.

(** Whether only some variables occur. *)
Fixpoint uses (which : positive -> bool) (t : trie W) : bool :=
  match t with
  | Nothing => true
  | Branch l v r => (is_zero R v || which xH) && uses (fun p => which (xO p)) l && uses (fun p => which (xI p)) r
  end.

Lemma uses_correct which t : forall x y, uses which t = true -> (forall p, which p = true -> x p = y p) ->
  at_inputs x t = at_inputs y t.
Proof.
  revert which; induction t as [|l IHl v r IHr]; intros which x y U H; simpl in *; [reflexivity|].
  apply andb_prop in U as [U Ur]; apply andb_prop in U as [U Ul].
  rewrite (IHl _ (fun p => x (xO p)) (fun p => y (xO p)) Ul), (IHr _ (fun p => x (xI p)) (fun p => y (xI p)) Ur) by (intros; apply H; assumption).
  do 2 f_equal. apply orb_prop in U as [Z|Z]; [rewrite (zero_exact R v Z); ring | rewrite (H _ Z); reflexivity].
Qed.

(** ** Bounds *)

(** The least and the greatest value of a variable, as fractions, where they are known. *)
Definition side : Type := option (W * positive).
Definition box : Type := Map.t (side * side).

Definition fraction (f : W * positive) : Qc := exactly R (fst f) / natural (snd f).
Definition between (x : Qc) (i : side * side) : Prop :=
  (forall f, fst i = Some f -> fraction f <= x) /\ (forall f, snd i = Some f -> x <= fraction f).

Definition within (b : box) (x : positive -> Qc) : Prop := forall p i, Map.find p b = Some i -> between (x p) i.

Definition negative (w : W) : W := mul R (number R (-1)) w.
Definition nonneg (w : W) : bool := is_positive R w || is_zero R w.

Lemma negative_exact w : exactly R (negative w) = - exactly R w.
Proof. unfold negative. rewrite mul_exact, number_exact, integer_minus_one. ring. Qed.

Lemma nonneg_exact w : nonneg w = true -> 0 <= exactly R w.
Proof.
  unfold nonneg; intros H; apply orb_prop in H as [H|H].
  - apply Qclt_le_weak, positive_exact, H.
  - rewrite (zero_exact R w H). apply Qcle_refl.
Qed.

(** A lower bound of v · variable, as a row without entries. *)
Definition lower_term (v : W) (i : side * side) : option (row W) :=
  if is_positive R v then let? f := fst i in Some (row_sum (number R 0) [(v, number_row (fst f) (snd f))] 1)
  else if is_positive R (negative v) then let? f := snd i in Some (row_sum (number R 0) [(v, number_row (fst f) (snd f))] 1)
  else None.

Lemma lower_term_correct x y v i w : between x i -> lower_term v i = Some w -> at_row y w <= exactly R v * x.
Proof.
  intros [L H] E. unfold lower_term in E. apply difference_nonneg.
  destruct (is_positive R v) eqn:P; [|destruct (is_positive R (negative v)) eqn:P'; [|discriminate]]; split_bind;
    rewrite row_sum_correct; simpl; rewrite number_row_correct, number_exact, natural_one; fold (fraction x0);
    change (integer 0) with 0.
  - replace (exactly R v * x - _) with (exactly R v * (x - fraction x0)) by (field; discriminate).
    apply product_nonneg; [apply Qclt_le_weak, positive_exact, P | apply difference_nonneg, L; assumption].
  - replace (exactly R v * x - _) with (exactly R (negative v) * (fraction x0 - x)) by (rewrite negative_exact; field; discriminate).
    apply product_nonneg; [apply Qclt_le_weak, positive_exact, P' | apply difference_nonneg, H; assumption].
Qed.

(** A lower bound of Σ coefficient · variable, as a row without entries, if the box gives one. A box branches as
    rows do, by the digits of positions. *)
Fixpoint lower (b : box) (t : trie W) {struct t} : option (row W) :=
  match t, b with
  | Nothing, _ => Some (number_row (number R 0) 1)
  | Branch _ _ _, FMapPositive.PositiveMap.Leaf _ => if no_entry t then Some (number_row (number R 0) 1) else None
  | Branch l v r, FMapPositive.PositiveMap.Node bl i br =>
      let? here := if is_zero R v then Some (number_row (number R 0) 1) else let? i := i in lower_term v i in
      let? low := lower bl l in
      let? high := lower br r in
      Some (plus_row (plus_row low (number R 1) high) (number R 1) here)
  end.

Lemma number_zero y : at_row y (number_row (number R 0) 1) = 0.
Proof. rewrite number_row_correct, number_exact, natural_one. apply Qc_is_canon; reflexivity. Qed.

Lemma lower_correct t : forall b x y w, within b x -> lower b t = Some w -> at_row y w <= at_inputs x t.
Proof.
  induction t as [|l IHl v r IHr]; intros b x y w B E.
  - simpl in *. injection E as <-. rewrite number_zero. apply Qcle_refl.
  - destruct b as [|bl i br].
    + cbn [lower] in E. destruct (no_entry (Branch l v r)) eqn:Z; [|discriminate]. injection E as <-.
      rewrite number_zero, (no_entry_correct x _ Z). apply Qcle_refl.
    + simpl in *. split_bind. rewrite !plus_row_correct, number_exact. change (integer 1) with 1.
      replace (at_row y x1 + 1 * at_row y x2 + 1 * at_row y x0) with (at_row y x1 + at_row y x0 + at_row y x2) by ring.
      repeat apply Qcplus_le_compat.
      * exact (IHl _ (fun p => x (xO p)) y _ (fun p => B (xO p)) H0).
      * destruct (is_zero R v) eqn:Z.
        { injection H as <-. rewrite number_zero, (zero_exact R v Z). replace (0 * x xH) with 0 by ring. apply Qcle_refl. }
        split_bind. apply (lower_term_correct _ _ _ _ _ (B xH _ H) H2).
      * exact (IHr _ (fun p => x (xI p)) y _ (fun p => B (xI p)) H1).
Qed.

(** Whether the box shows that the row is nowhere negative. *)
Definition row_nonneg (b : box) (r : row W) : bool :=
  match lower b (linear r) with
  | Some w => let s := plus_row (number_row (free r) 1) (number R 1) w in no_entry (linear s) && nonneg (free s)
  | None => false
  end.

Lemma row_nonneg_correct b x r : within b x -> row_nonneg b r = true -> 0 <= at_row x r.
Proof.
  unfold row_nonneg. intros B H. destruct (lower b (linear r)) as [w|] eqn:E; [|discriminate].
  apply andb_prop in H as [Z H]. assert (L := lower_correct _ _ _ x _ B E).
  unfold at_row. apply quotient_nonneg. eapply Qcle_trans; [|apply Qcplus_le_compat; [apply Qcle_refl | exact L]].
  assert (S := plus_row_correct x (number_row (free r) 1) (number R 1) w).
  rewrite number_row_correct, number_exact, natural_one in S. change (integer 1) with 1 in S.
  replace (exactly R (free r) + at_row x w) with (exactly R (free r) / 1 + 1 * at_row x w) by (field; discriminate).
  rewrite <- S. unfold at_row. rewrite (no_entry_correct x _ Z), Qcplus_0_r. apply quotient_nonneg, nonneg_exact, H.
Qed.

(** A variable as a row. *)
Fixpoint single (p : positive) : trie W :=
  match p with
  | xH => Branch Nothing (number R 1) Nothing
  | xO p => Branch (single p) (number R 0) Nothing
  | xI p => Branch Nothing (number R 0) (single p)
  end.

Definition variable (p : positive) : row W := Row (single p) (number R 0) 1.

Lemma at_single x p : at_inputs x (single p) = x p.
Proof.
  revert x; induction p; intros x; simpl; rewrite ?IHp, number_exact; try change (integer 0) with 0; try change (integer 1) with 1; ring.
Qed.

Lemma variable_correct x p : at_row x (variable p) = x p.
Proof. unfold at_row, variable; simpl. rewrite at_single, number_exact, natural_one. change (integer 0) with 0. field. discriminate. Qed.

(** A row divided by a natural number. *)
Definition divide (r : row W) (d : positive) : row W := Row (linear r) (free r) (denominator r * d).

Lemma divide_correct x r d : at_row x (divide r d) = at_row x r / natural d.
Proof. unfold at_row, divide; simpl. rewrite natural_mul. field. auto. Qed.
End Rows.
