(** * Points: values, witnesses against affinity, counterexamples to equality *)
From Coq Require Import Bool List ZArith QArith Qcanon Lia.
From Netprove Require Import Network Relate Rows Kinks Domains Check Affine.
Import ListNotations.
Open Scope Z_scope.
Open Scope Qc_scope.

Section Points.
Context (R : ring).
Notation W := (weight R).
Notation network := (network W).
Notation f_at f xs := (run (number R) (exact R) f xs).

(** A point: tensors of numerators over one denominator. *)
Definition point := list (tensor W).

Definition exact_point (d : positive) (p : point) : list (tensor Qc) :=
  map (fun t => Tensor (dims t) (map (fun w => exactly R w / natural d) (entries t))) p.
Definition row_point (d : positive) (p : point) : list (tensor (row W)) :=
  map (fun t => Tensor (dims t) (map (fun w => number_row R w d) (entries t))) p.

Definition run_point (f : network) (d : positive) (p : point) :=
  run (number R) (rows R (Map.empty _) (Map.empty _) []) f (row_point d p).

Lemma run_point_sound x f d p : implies (related (stands R x)) (run_point f d p) (f_at f (exact_point d p)).
Proof.
  apply run_related; [apply rows_sound; intros q i L; rewrite FMapPositive.PositiveMap.gempty in L; discriminate|].
  induction p as [|t p IH]; simpl; constructor; [|exact IH]. split; [reflexivity|]. simpl.
  induction (entries t); simpl; constructor; [apply number_row_correct | assumption].
Qed.

Definition at_most (a c : row W) : bool := nonneg R (free (minus_row R c a)).

Lemma at_most_correct w d v e : at_most (number_row R w d) (number_row R v e) = true ->
  exactly R w / natural d <= exactly R v / natural e.
Proof.
  unfold at_most. intros H. apply nonneg_exact in H. apply difference_nonneg.
  rewrite <- (number_row_correct R (fun _ => 0) v e), <- (number_row_correct R (fun _ => 0) w d), <- minus_row_correct.
  unfold at_row.
  assert (L : linear (minus_row R (number_row R v e) (number_row R w d)) = Nothing).
  { unfold minus_row, plus_row. destruct (Pos.eqb _ _); [|destruct (Pos.ggcd _ _)]; reflexivity. }
  rewrite L. simpl. rewrite Qcplus_0_r. apply quotient_nonneg, H.
Qed.

Fixpoint check_fits (d : positive) (is : list (shape * domain W)) (p : point) : bool :=
  match is, p with
  | [], [] => true
  | i :: is, t :: p =>
      same (dims t) (fst i) && well_formed t && check_fits d is p &&
      match snd i with
      | None => true
      | Some (low, high, e) =>
          forallb (fun w => at_most (number_row R low e) (number_row R w d) && at_most (number_row R w d) (number_row R high e)) (entries t)
      end
  | _, _ => false
  end.

Lemma check_fits_correct d f p : check_fits d (inputs f) p = true -> fits R f (exact_point d p).
Proof.
  unfold fits. revert p. induction (inputs f) as [|i is IH]; intros [|t p] H; simpl in *; try discriminate; [constructor|].
  apply andb_prop in H as [H B]; apply andb_prop in H as [H P]; apply andb_prop in H as [S F].
  constructor; [|apply IH, P]. apply same_true in S. split; [exact S|]. split.
  - unfold well_formed in *. simpl. rewrite map_length. exact F.
  - simpl. apply Forall_map, Forall_forall. intros w Hw. destruct (snd i) as [[[low high] e]|]; [|exact I].
    rewrite forallb_forall in B. apply B, andb_prop in Hw as [L U]. split; apply at_most_correct; assumption.
Qed.

Fixpoint sums (x y : list W) : list W :=
  match x, y with a :: x, b :: y => add R a b :: sums x y | _, _ => [] end.
Fixpoint point_sum (p q : point) : point :=
  match p, q with t :: p, u :: q => Tensor (dims t) (sums (entries t) (entries u)) :: point_sum p q | _, _ => [] end.

(** A row that is a number and not 0. *)
Definition nonzero_row (r : row W) : bool :=
  no_entry R (linear r) && (is_positive R (free r) || is_positive R (negative R (free r))).

Lemma nonzero_row_correct x r : nonzero_row r = true -> at_row R x r <> 0.
Proof.
  unfold nonzero_row. intros H. apply andb_prop in H as [L P]. intros E.
  assert (Z : exactly R (free r) = 0).
  { unfold at_row in E. rewrite (no_entry_correct R x _ L), Qcplus_0_r in E.
    replace (exactly R (free r)) with (exactly R (free r) / natural (denominator r) * natural (denominator r)) by (field; auto).
    rewrite E. ring. }
  apply orb_prop in P as [P|P]; apply positive_exact in P; rewrite ?negative_exact, Z in P;
    [|change (- 0) with 0 in P]; exact (Qclt_not_eq _ _ P eq_refl).
Qed.

(** f(p + x + y) + f(p) ≠ f(p + x) + f(p + y) in the entry with this number. *)
Definition check_witness (f : network) (d : positive) (p x y : point) (output : nat) : bool :=
  let a := point_sum p x in let b := point_sum p y in let c := point_sum a y in
  check_fits d (inputs f) p && check_fits d (inputs f) a && check_fits d (inputs f) b && check_fits d (inputs f) c
  && check_fits d (map (fun i => (fst i, None)) (inputs f)) x && check_fits d (map (fun i => (fst i, None)) (inputs f)) y &&
  match run_point f d p, run_point f d a, run_point f d b, run_point f d c with
  | Some tp, Some ta, Some tb, Some tc =>
      match nth_error (entries tp) output, nth_error (entries ta) output, nth_error (entries tb) output, nth_error (entries tc) output with
      | Some p, Some a, Some b, Some c =>
          nonzero_row (minus_row R (minus_row R (plus_row R c (number R 1) p) a) b)
      | _, _, _, _ => false
      end
  | _, _, _, _ => false
  end.

(** The sum of two points is the fourth corner of a parallelogram. *)
Lemma sums_parallelogram d : forall p x y : list W, length p = length x -> length p = length y ->
  parallelogram (map (fun w => exactly R w / natural d) p) (map (fun w => exactly R w / natural d) (sums p x))
    (map (fun w => exactly R w / natural d) (sums p y)) (map (fun w => exactly R w / natural d) (sums (sums p x) y)).
Proof.
  induction p as [|w p IH]; intros [|a x] [|b y] X Y; simpl in *; try discriminate; [exact I|].
  split; [rewrite !add_exact; field; auto | apply IH; lia].
Qed.

Lemma parallelogram_app : forall p a b c p' a' b' c', parallelogram p a b c -> parallelogram p' a' b' c' ->
  parallelogram (p ++ p') (a ++ a') (b ++ b') (c ++ c').
Proof.
  induction p as [|w p IH]; intros [|u a] [|v b] [|z c] p' a' b' c' H H'; simpl in *; try contradiction; [exact H'|].
  destruct H; split; [assumption | apply IH; assumption].
Qed.

Definition like (is : list (shape * domain W)) (p : point) : Prop :=
  Forall2 (fun i t => dims t = fst i /\ well_formed t = true) is p.

Lemma check_like d is p : check_fits d (map (fun i => (fst i, None)) is) p = true -> like is p.
Proof.
  revert p; induction is as [|i is IH]; intros [|t p] H; simpl in *; try discriminate; [constructor|].
  apply andb_prop in H as [H _]; apply andb_prop in H as [H P]; apply andb_prop in H as [S F].
  constructor; [|apply IH, P]. split; [apply same_true, S | exact F].
Qed.

Lemma check_fits_like d is p : check_fits d is p = true -> like is p.
Proof.
  revert p; induction is as [|i is IH]; intros [|t p] H; simpl in *; try discriminate; [constructor|].
  apply andb_prop in H as [H _]; apply andb_prop in H as [H P]; apply andb_prop in H as [S F].
  constructor; [|apply IH, P]. split; [apply same_true, S | exact F].
Qed.

Lemma point_parallelogram d : forall is p x y, like is p -> like is x -> like is y ->
  parallelogram (entries_of (exact_point d p)) (entries_of (exact_point d (point_sum p x)))
    (entries_of (exact_point d (point_sum p y))) (entries_of (exact_point d (point_sum (point_sum p x) y))).
Proof.
  induction is as [|i is IH]; intros p x y P X Y; inversion P as [|? t ? ts [D F]]; inversion X as [|? u ? us [D' F']];
    inversion Y as [|? v ? vs [D'' F'']]; subst; simpl; [exact I|].
  apply parallelogram_app; [|apply IH; assumption]. apply sums_parallelogram;
    rewrite <- (well_formed_length t F), <- ?(well_formed_length u F'), <- ?(well_formed_length v F''); congruence.
Qed.

Theorem witness_sound f d p x y output : check_witness f d p x y output = true -> ~ is_affine R f.
Proof.
  unfold check_witness. intros H (s & rows & A).
  set (a := point_sum p x) in *; set (b := point_sum p y) in *; set (c := point_sum a y) in *.
  repeat match goal with H : _ && _ = true |- _ => apply andb_prop in H as [H ?] end.
  destruct (run_point f d p) as [tp|] eqn:Ep; [|discriminate]. destruct (run_point f d a) as [ta|] eqn:Ea; [|discriminate].
  destruct (run_point f d b) as [tb|] eqn:Eb; [|discriminate]. destruct (run_point f d c) as [tc|] eqn:Ec; [|discriminate].
  destruct (nth_error (entries tp) output) as [rp|] eqn:Np; [|discriminate].
  destruct (nth_error (entries ta) output) as [ra|] eqn:Na; [|discriminate].
  destruct (nth_error (entries tb) output) as [rb|] eqn:Nb; [|discriminate].
  destruct (nth_error (entries tc) output) as [rc|] eqn:Nc; [|discriminate].
  pose (z := fun _ : positive => 0).
  assert (V : forall q t r, run_point f d q = Some t -> nth_error (entries t) output = Some r -> fits R f (exact_point d q) ->
    exists row, nth_error rows output = Some row /\ at_row R z r = fst row + dot (snd row) (entries_of (exact_point d q))).
  { intros q t r E N F. destruct (run_point_sound z f d q _ E) as (u & U & _ & S). rewrite (A _ F) in U. injection U as <-.
    destruct (nth_error_related _ _ _ _ S _ N) as (v & Nv & E'). unfold stands in E'. rewrite E'. simpl in Nv. unfold affine_map in Nv. rewrite nth_error_map in Nv.
    destruct (nth_error rows output) as [row|]; [|discriminate]. injection Nv as <-. eauto. }
  destruct (V p tp rp Ep Np) as (row & Hr & Vp); [apply check_fits_correct; assumption|].
  destruct (V a ta ra Ea Na) as (row1 & Hr1 & Va); [apply check_fits_correct; assumption|].
  destruct (V b tb rb Eb Nb) as (row2 & Hr2 & Vb); [apply check_fits_correct; assumption|].
  destruct (V c tc rc Ec Nc) as (row3 & Hr3 & Vc); [apply check_fits_correct; assumption|].
  rewrite Hr in Hr1, Hr2, Hr3. injection Hr1 as <-; injection Hr2 as <-; injection Hr3 as <-.
  match goal with H : nonzero_row _ = true |- _ => apply (nonzero_row_correct z) in H; apply H end.
  rewrite !minus_row_correct, plus_row_correct, number_exact, Vp, Va, Vb, Vc. change (integer 1) with 1.
  assert (L : dot (snd row) (entries_of (exact_point d c)) + dot (snd row) (entries_of (exact_point d p))
            = dot (snd row) (entries_of (exact_point d a)) + dot (snd row) (entries_of (exact_point d b))).
  { apply dot_parallelogram. unfold c, a, b. apply (point_parallelogram d (inputs f)); [eapply check_fits_like | eapply check_like | eapply check_like]; eassumption. }
  set (dc := dot _ (entries_of (exact_point d c))) in *. set (dp := dot _ (entries_of (exact_point d p))) in *.
  replace dc with (dc + dp - dp) by ring. rewrite L. ring.
Qed.

(** ** f ≠ g *)

(** Both networks have values of one shape at an input of both domains, and in one entry these two. *)
Definition values_at (f g : network) (s : shape) (u v : list Qc) : Prop :=
  exists xs, fits R f xs /\ fits R g xs /\ f_at f xs = Some (Tensor s u) /\ f_at g xs = Some (Tensor s v).

Definition rows_at (f g : network) (d : positive) (p : point) (output : nat) : option (row W * row W) :=
  let? t := run_point f d p in
  let? u := run_point g d p in
  let? a := nth_error (entries t) output in
  let? b := nth_error (entries u) output in
  guard (check_fits d (inputs f) p && check_fits d (inputs g) p && same (dims t) (dims u)) (Some (a, b)).

Lemma rows_at_sound x f g d p output a b : rows_at f g d p output = Some (a, b) -> exists s u v,
  values_at f g s u v /\ nth_error u output = Some (at_row R x a) /\ nth_error v output = Some (at_row R x b).
Proof.
  unfold rows_at. intros H. split_bind. apply andb_prop in H3 as [F S]. apply andb_prop in F as [F G]. apply same_true in S.
  match goal with T : run_point f _ _ = Some ?t, U : run_point g _ _ = Some ?u |- _ =>
    destruct (run_point_sound x f d p _ T) as ([s v] & V & D & RV); destruct (run_point_sound x g d p _ U) as ([s' w] & X & D' & RW) end.
  match goal with A : nth_error _ _ = Some a, B : nth_error _ _ = Some b |- _ =>
    destruct (nth_error_related _ _ _ _ RV _ A) as (q & Q & <-); destruct (nth_error_related _ _ _ _ RW _ B) as (q' & Q' & <-) end.
  simpl in *. exists s, v, w. repeat split; try assumption. exists (exact_point d p).
  repeat split; try (apply check_fits_correct; assumption); [assumption | rewrite X; do 2 f_equal; congruence].
Qed.

Definition differ (f g : network) : Prop := exists s u v, values_at f g s u v /\ u <> v.

Definition check_differ (f g : network) (d : positive) (p : point) (output : nat) : bool :=
  match rows_at f g d p output with Some (a, b) => nonzero_row (minus_row R a b) | None => false end.

Theorem differ_sound f g d p output : check_differ f g d p output = true -> differ f g.
Proof.
  unfold check_differ. destruct (rows_at f g d p output) as [[a b]|] eqn:E; [|discriminate]. intros N.
  destruct (rows_at_sound (fun _ => 0) _ _ _ _ _ _ _ E) as (s & u & v & V & A & B). exists s, u, v. split; [exact V|].
  intros ->. rewrite A in B. assert (Q : at_row R (fun _ => 0) a = at_row R (fun _ => 0) b) by congruence. apply (nonzero_row_correct (fun _ => 0)) in N. apply N.
  rewrite minus_row_correct, Q. ring.
Qed.

Theorem differ_not_equal f g : differ f g -> ~ equal R f g.
Proof.
  intros (s & u & v & (xs & F & _ & U & V) & N) E. destruct (E xs F) as (y & Y & Z). rewrite U in Y. rewrite V in Z. congruence.
Qed.

(** ** |f - g| > ε in some entry *)

Definition apart (f g : network) (bound : Qc) : Prop := exists s u v k a b,
  values_at f g s u v /\ nth_error u k = Some a /\ nth_error v k = Some b /\ (bound < a - b \/ bound < b - a).

Definition positive_row (r : row W) : bool := no_entry R (linear r) && is_positive R (free r).

Lemma positive_row_correct x r : positive_row r = true -> 0 < at_row R x r.
Proof.
  unfold positive_row. intros H. apply andb_prop in H as [L P]. apply positive_exact in P.
  unfold at_row. rewrite (no_entry_correct R x _ L), Qcplus_0_r.
  replace 0 with (0 * / natural (denominator r)) by ring. apply Qcmult_lt_compat_r; [apply inverse_positive, natural_positive | exact P].
Qed.

Definition check_apart (f g : network) (d : positive) (p : point) (output : nat) (w : W) (e : positive) : bool :=
  match rows_at f g d p output with
  | Some (a, b) => let bound := number_row R w e in
      positive_row (minus_row R (minus_row R a b) bound) || positive_row (minus_row R (minus_row R b a) bound)
  | None => false
  end.

Theorem apart_sound f g d p output w e : check_apart f g d p output w e = true -> apart f g (fraction R (w, e)).
Proof.
  unfold check_apart. destruct (rows_at f g d p output) as [[a b]|] eqn:E; [|discriminate]. intros N.
  destruct (rows_at_sound (fun _ => 0) _ _ _ _ _ _ _ E) as (s & u & v & V & A & B).
  exists s, u, v, output. do 2 eexists. split; [exact V|]. split; [exact A|]. split; [exact B|].
  apply orb_prop in N as [N|N]; [left | right]; apply (positive_row_correct (fun _ => 0)) in N;
    rewrite !minus_row_correct, number_row_correct in N; apply Qclt_minus_iff; exact N.
Qed.

Theorem apart_not_close f g bound : apart f g bound -> ~ close R f g bound.
Proof.
  intros (s & u & v & k & a & b & (xs & F & _ & U & V) & A & B & H) C. destruct (C xs F) as (s' & u' & v' & U' & V' & N).
  rewrite U in U'. rewrite V in V'. assert (u' = u) by congruence. assert (v' = v) by congruence. subst u' v'.
  destruct (nth_error_related _ _ _ _ N _ A) as (b' & B' & L). rewrite B in B'. assert (b' = b) by congruence. subst b'.
  destruct H as [H|H]; exact (Qclt_not_le _ _ H ltac:(apply L)).
Qed.

(** ** Domains have points *)

Definition inhabited (f : network) : Prop := exists xs, fits R f xs.

Theorem inhabited_sound f d p : check_fits d (inputs f) p = true -> inhabited f.
Proof. intros H. exists (exact_point d p). apply check_fits_correct, H. Qed.
End Points.
