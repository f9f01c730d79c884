(** * Exact numbers, and affine rows that stand for them

    The weights of a network are of a type with exact values ([ring]): integers, big integers, polynomials in free
    weights. [exact] is the meaning of a network: rational numbers in canonical form, with Leibniz equality.
    [rows] evaluates the same network on affine forms (constant + Σ weight · input entry) / denominator, and
    [rows_sound] says that what it finds holds of the exact value at every input of the box. *)
From Coq Require Import Bool List ZArith QArith Qcanon Lia.
From Netprove Require Import Network Relate.
Import ListNotations.
Open Scope Z_scope.
Open Scope Qc_scope.

Definition integer (z : Z) : Qc := Q2Qc (inject_Z z).
Definition natural (d : positive) : Qc := integer (Zpos d).

(** A type of weights. Signs need only be found where they are certain. *)
Record ring := Ring {
  weight : Type;
  number : Z -> weight;
  add : weight -> weight -> weight;
  mul : weight -> weight -> weight;
  is_zero : weight -> bool;
  is_positive : weight -> bool;
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

(** ** Bounds *)

(** The interval [low / den, high / den] of each input entry that is restricted. *)
Definition box : Type := positive -> option (W * W * positive).

Definition between (x : Qc) (i : W * W * positive) : Prop :=
  let '(low, high, den) := i in exactly R low / natural den <= x /\ x <= exactly R high / natural den.

Definition within (b : box) (x : positive -> Qc) : Prop := forall p i, b p = Some i -> between (x p) i.

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

Definition number_row (w : W) (d : positive) : row W := Row Nothing w d.

Lemma number_row_correct x w d : at_row x (number_row w d) = exactly R w / natural d.
Proof. unfold at_row, number_row; simpl. f_equal. ring. Qed.

(** A lower bound of Σ coefficient · entry, as a row without entries, if the box gives one. *)
Fixpoint lower (b : box) (t : trie W) : option (row W) :=
  match t with
  | Nothing => Some (number_row (number R 0) 1)
  | Branch l v r =>
      let? low := lower (fun p => b (xO p)) l in
      let? high := lower (fun p => b (xI p)) r in
      let both := plus_row low (number R 1) high in
      if is_zero R v then Some both else
      let? i := b xH in
      let '(least, most, d) := i in
      if is_positive R v then Some (plus_row both v (number_row least d))
      else if is_positive R (negative v) then Some (plus_row both v (number_row most d))
      else None
  end.

Lemma lower_correct b x y t w : within b x -> lower b t = Some w -> at_row y w <= at_inputs x t.
Proof.
  revert b x w; induction t as [|l IHl v r IHr]; intros b x w B E; simpl in *.
  - injection E as <-. rewrite number_row_correct, number_exact, natural_one.
    replace (integer 0 / 1) with 0 by (apply Qc_is_canon; reflexivity). apply Qcle_refl.
  - split_bind. rename x0 into low, x1 into high.
    assert (Hl := IHl _ (fun p => x (xO p)) _ (fun p => B (xO p)) H).
    assert (Hr := IHr _ (fun p => x (xI p)) _ (fun p => B (xI p)) H0).
    set (L := at_inputs (fun p => x (xO p)) l) in *. set (S := at_inputs (fun p => x (xI p)) r) in *.
    assert (G : forall u, u <= exactly R v * x xH ->
                at_row y (plus_row low (number R 1) high) + u <= L + exactly R v * x xH + S).
    { intros u Hu. rewrite plus_row_correct, number_exact. change (integer 1) with 1.
      replace (L + exactly R v * x xH + S) with (L + S + exactly R v * x xH) by ring.
      replace (1 * at_row y high) with (at_row y high) by ring.
      repeat apply Qcplus_le_compat; assumption. }
    destruct (is_zero R v) eqn:Z.
    + injection H1 as <-. rewrite <- (Qcplus_0_r (at_row y _)). apply G. rewrite (zero_exact R v Z).
      replace (0 * x xH) with 0 by ring. apply Qcle_refl.
    + split_bind. destruct x0 as [[least most] d]. destruct (B _ _ H1) as [Blow Bhigh].
      destruct (is_positive R v) eqn:P; [|destruct (is_positive R (negative v)) eqn:P'; [|discriminate]];
        injection H2 as <-; rewrite (plus_row_correct _ _ v), number_row_correct; apply G; apply difference_nonneg.
      * replace (exactly R v * x xH - exactly R v * (exactly R least / natural d))
          with (exactly R v * (x xH - exactly R least / natural d)) by ring.
        apply product_nonneg; [apply Qclt_le_weak, positive_exact, P | apply difference_nonneg; exact Blow].
      * replace (exactly R v * x xH - exactly R v * (exactly R most / natural d))
          with (exactly R (negative v) * (exactly R most / natural d - x xH)) by (rewrite negative_exact; ring).
        apply product_nonneg; [apply Qclt_le_weak, positive_exact, P' | apply difference_nonneg; exact Bhigh].
Qed.

Context (b : box).

(** Whether the box shows that the row is nowhere negative. *)
Definition row_nonneg (r : row W) : bool :=
  match lower b (linear r) with
  | Some w => nonneg (free (plus_row (number_row (free r) 1) (number R 1) w))
  | None => false
  end.

Lemma lower_constant bb t w : lower bb t = Some w -> linear w = Nothing.
Proof.
  assert (P : forall a v c, linear a = Nothing -> linear c = Nothing -> linear (plus_row a v c) = Nothing).
  { intros a v c Ha Hc. unfold plus_row. destruct (Pos.eqb _ _); [|destruct (Pos.ggcd _ _)]; simpl; rewrite Ha, Hc; reflexivity. }
  revert bb w; induction t as [|l IHl v r IHr]; intros bb w E; simpl in *; split_bind; [reflexivity|].
  assert (C := P _ (number R 1) _ (IHl _ _ H) (IHr _ _ H0)).
  destruct (is_zero R v); [injection H1 as <-; exact C|]. split_bind. destruct x1 as [[least most] d].
  destruct (is_positive R v); [|destruct (is_positive R (negative v)); [|discriminate]]; injection H2 as <-;
    apply P; [exact C | reflexivity | exact C | reflexivity].
Qed.

Lemma row_nonneg_correct x r : within b x -> row_nonneg r = true -> 0 <= at_row x r.
Proof.
  unfold row_nonneg. intros B H. destruct (lower b (linear r)) as [w|] eqn:E; [|discriminate].
  apply nonneg_exact in H. assert (L := lower_correct _ _ x _ _ B E). assert (C := lower_constant _ _ _ E).
  unfold at_row. apply quotient_nonneg.
  eapply Qcle_trans; [|apply Qcplus_le_compat; [apply Qcle_refl | exact L]].
  set (s := plus_row (number_row (free r) 1) (number R 1) w) in *.
  assert (S : at_row x s = exactly R (free r) + at_row x w).
  { unfold s. rewrite plus_row_correct, number_row_correct, number_exact, natural_one. change (integer 1) with 1. field. discriminate. }
  rewrite <- S. unfold at_row.
  assert (Z : linear s = Nothing).
  { unfold s, plus_row. destruct (Pos.eqb _ _); [|destruct (Pos.ggcd _ _)]; simpl; rewrite C; reflexivity. }
  rewrite Z. simpl. rewrite Qcplus_0_r. apply quotient_nonneg, H.
Qed.

Definition minus_row (a c : row W) : row W := plus_row a (number R (-1)) c.

Lemma minus_row_correct x a c : at_row x (minus_row a c) = at_row x a - at_row x c.
Proof. unfold minus_row. rewrite plus_row_correct, number_exact, integer_minus_one. ring. Qed.

(** Whether the first of two rows is the larger one, if the box shows it. *)
Definition first_larger (a c : row W) : option bool :=
  if row_nonneg (minus_row a c) then Some true else if row_nonneg (minus_row c a) then Some false else None.

Definition is_constant (r : row W) : bool := no_entry (linear r).

Definition row_times (a c : row W) : option (row W) :=
  if is_constant a then Some (row_sum (number R 0) [(free a, c)] (denominator a))
  else if is_constant c then Some (row_sum (number R 0) [(free c, a)] (denominator c))
  else None.

Definition rows : numbers W (row W) := {|
  sum := row_sum;
  max a c := let? first := first_larger a c in Some (if first then a else c);
  min a c := let? first := first_larger a c in Some (if first then c else a);
  times := row_times |}.

(** A row stands for a number. *)
Definition stands (x : positive -> Qc) (r : row W) (q : Qc) : Prop := at_row x r = q.

Lemma first_larger_correct x a c first : within b x -> first_larger a c = Some first ->
  if first then at_row x c <= at_row x a else at_row x a <= at_row x c.
Proof.
  unfold first_larger. intros B H.
  destruct (row_nonneg (minus_row a c)) eqn:E; [|destruct (row_nonneg (minus_row c a)) eqn:E'; [|discriminate]];
    injection H as <-; apply difference_nonneg; rewrite <- minus_row_correct; apply row_nonneg_correct; assumption.
Qed.

Theorem rows_sound x : within b x -> keeps (stands x) rows (exact R).
Proof.
  intros B. split; unfold implies, stands; simpl.
  - intros c s t d H. rewrite row_sum_correct. f_equal. f_equal.
    induction H as [|s t ss ts [E V] H IH]; simpl; [reflexivity|]. rewrite IH, E, V. reflexivity.
  - intros a q c q' Ha Hc r E. split_bind. eexists; split; [reflexivity|]. apply (first_larger_correct x) in H; [|exact B].
    destruct x0; [rewrite larger_left | rewrite larger_right]; auto.
  - intros a q c q' Ha Hc r E. split_bind. eexists; split; [reflexivity|]. apply (first_larger_correct x) in H; [|exact B].
    destruct x0; [rewrite smaller_right | rewrite smaller_left]; auto.
  - intros a q c q' <- <- r E. eexists; split; [reflexivity|]. unfold row_times in E.
    assert (C : forall s, is_constant s = true -> at_row x s = exactly R (free s) / natural (denominator s)).
    { intros s Hs. unfold at_row. rewrite (no_entry_correct x (linear s) Hs). f_equal. ring. }
    destruct (is_constant a) eqn:Ea; [|destruct (is_constant c) eqn:Ec; [|discriminate]]; injection E as <-;
      rewrite row_sum_correct, number_exact; simpl; [rewrite (C a Ea) | rewrite (C c Ec)];
      change (integer 0) with 0; field; auto.
Qed.
End Rows.
