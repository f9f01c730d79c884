(** * Points moved by infinitesimals

    Move an input x by infinitesimals, one for each axis, each infinitely smaller than the one before:
    x + ε₁σ₁e₁ + ε₂σ₂e₂ + …. The value of an affine row there is a list of coordinates (its value at x, then its
    slopes), compared lexicographically: an ordered vector space, which is all that maxima of affine rows need. No
    affine function that varies vanishes at such a point, and the first coordinates never notice that it moved.
    Proofs by cases ([Cases]) rest on that, without limits. *)
From Coq Require Import Bool List ZArith QArith Qcanon Lia.
From Netprove Require Import Network Relate Rows Kinks.
Import ListNotations.
Open Scope Z_scope.
Open Scope Qc_scope.

Section Germs.
Context (R : ring).
Notation W := (weight R).
Notation row := (row W).
Notation at_row := (at_row R).

(** ** Coordinates and their order *)

(** (1, x) is a point and (0, d) a direction. *)
Definition germ := list (Qc * (positive -> Qc)).

Definition coordinate (c : Qc * (positive -> Qc)) (r : row) : Qc := at_row (snd c) r + (fst c - 1) * at_row (fun _ => 0) r.

Lemma coordinate_plus c a w b : coordinate c (plus_row R a w b) = coordinate c a + exactly R w * coordinate c b.
Proof. unfold coordinate. rewrite !plus_row_correct. ring. Qed.
Lemma coordinate_minus c a b : coordinate c (minus_row R a b) = coordinate c a - coordinate c b.
Proof. unfold coordinate. rewrite !minus_row_correct. ring. Qed.
Lemma coordinate_divide c r d : coordinate c (divide R r d) = coordinate c r / natural d.
Proof. unfold coordinate. rewrite !divide_correct. field. auto. Qed.
Lemma coordinate_variable c p : coordinate c (variable R p) = snd c p.
Proof. unfold coordinate. rewrite !variable_correct. ring. Qed.
Lemma coordinate_number h d w e : coordinate (h, d) (number_row R w e) = h * (exactly R w / natural e).
Proof. unfold coordinate. rewrite !number_row_correct. simpl. ring. Qed.
Lemma coordinate_point x r : coordinate (1, x) r = at_row x r.
Proof. unfold coordinate. simpl. ring. Qed.

(** Not below 0, and above 0, in lexicographic order. *)
Fixpoint above (g : germ) (r : row) : Prop :=
  match g with [] => True | c :: g => 0 < coordinate c r \/ coordinate c r = 0 /\ above g r end.
Fixpoint over (g : germ) (r : row) : Prop :=
  match g with [] => False | c :: g => 0 < coordinate c r \/ coordinate c r = 0 /\ over g r end.
Definition vanishes (g : germ) (r : row) : Prop := Forall (fun c => coordinate c r = 0) g.

Lemma over_above g r : over g r -> above g r.
Proof. induction g as [|c g IH]; simpl; [contradiction | tauto]. Qed.

Lemma above_over g r : above g r -> over g r \/ vanishes g r.
Proof. induction g as [|c g IH]; simpl; [right; constructor|]. intros [H|[H H']]; [auto|]. destruct (IH H'); [auto | right; constructor; auto]. Qed.

Lemma over_varies g r : over g r -> ~ vanishes g r.
Proof.
  induction g as [|c g IH]; simpl; [contradiction|]. intros [H|[_ H]] V; inversion V; subst; [|exact (IH H H3)].
  rewrite H2 in H. exact (Qclt_not_eq _ _ H eq_refl).
Qed.

Lemma above_nonneg g r : Forall (fun c => 0 <= coordinate c r) g -> above g r.
Proof. induction 1 as [|c g H _ IH]; simpl; [exact I|]. destruct (Qcle_lt_or_eq _ _ H); [left | right]; auto. Qed.

Lemma above_same g r s : Forall (fun c => coordinate c r = coordinate c s) g -> above g r -> above g s.
Proof. induction 1 as [|c g H _ IH]; simpl; [auto|]. rewrite H. tauto. Qed.

Lemma sum_positive u v w : is_positive R w = true -> 0 <= u -> 0 <= v -> 0 < u \/ 0 < v -> 0 < u + exactly R w * v.
Proof.
  intros P U V H. apply positive_exact in P. destruct H as [H|H].
  - apply Qclt_le_trans with u; [exact H|]. apply difference_nonneg. replace (u + _ - u) with (exactly R w * v) by ring.
    apply product_nonneg; [apply Qclt_le_weak|]; assumption.
  - apply Qclt_le_trans with (exactly R w * v).
    + rewrite Qcmult_comm. replace 0 with (0 * exactly R w) by ring. apply Qcmult_lt_compat_r; assumption.
    + apply difference_nonneg. replace (u + exactly R w * v - exactly R w * v) with u by ring. exact U.
Qed.

Lemma above_plus g a w b : is_positive R w = true -> above g a -> above g b -> above g (plus_row R a w b).
Proof.
  intros P. induction g as [|c g IH]; simpl; [auto|]. rewrite coordinate_plus.
  intros [A|[A A']] [B|[B B']]; rewrite ?A, ?B; try solve [left; apply sum_positive; auto using Qclt_le_weak, Qcle_refl].
  right. split; [ring | auto].
Qed.

Lemma over_plus g a w b : is_positive R w = true -> above g a -> above g b -> over g a \/ over g b -> over g (plus_row R a w b).
Proof.
  intros P A B H. destruct (above_over _ _ (above_plus _ _ _ _ P A B)) as [|V]; [assumption|exfalso].
  assert (Z : forall g, vanishes g (plus_row R a w b) -> above g a -> above g b -> vanishes g a /\ vanishes g b).
  { clear - P. induction g as [|c g IH]; simpl; intros V A B; [split; constructor|]. inversion V; subst. rewrite coordinate_plus in H1.
    assert (N : ~ 0 < coordinate c a + exactly R w * coordinate c b) by (rewrite H1; apply Qcle_not_lt, Qcle_refl).
    destruct A as [A|[A A']], B as [B|[B B']];
      try solve [exfalso; apply N, sum_positive; rewrite ?A, ?B; auto using Qclt_le_weak, Qcle_refl].
    destruct (IH H2 A' B'). split; constructor; assumption. }
  destruct (Z g V A B) as [VA VB]. destruct H as [H|H]; exact (over_varies _ _ H ltac:(assumption)).
Qed.

Lemma above_total g r s : above g (minus_row R r s) \/ above g (minus_row R s r).
Proof.
  induction g as [|c g IH]; simpl; [auto|]. rewrite !coordinate_minus.
  destruct (Qc_dec (coordinate c r) (coordinate c s)) as [[L|L]|E].
  - right; left. apply -> Qclt_minus_iff. exact L.
  - left; left. apply -> Qclt_minus_iff. exact L.
  - rewrite E. destruct IH; [left | right]; right; (split; [ring | assumption]).
Qed.

Lemma above_trans g r s t : above g (minus_row R r s) -> above g (minus_row R s t) -> above g (minus_row R r t).
Proof.
  induction g as [|c g IH]; simpl; [auto|]. rewrite !coordinate_minus.
  intros A B. replace (coordinate c r - coordinate c t) with ((coordinate c r - coordinate c s) + 1 * (coordinate c s - coordinate c t)) by ring.
  set (u := coordinate c r - coordinate c s) in *. set (v := coordinate c s - coordinate c t) in *.
  assert (Q : forall a b, 0 < a -> 0 <= b -> 0 < a + b).
  { intros a b Ha Hb. apply Qclt_le_trans with a; [exact Ha|]. apply difference_nonneg. replace (a + b - a) with b by ring. exact Hb. }
  replace (1 * v) with v by ring. destruct A as [A|[A A']], B as [B|[B B']].
  - left. apply Q; auto using Qclt_le_weak.
  - left. rewrite B. replace (u + 0) with u by ring. exact A.
  - left. rewrite A. replace (0 + v) with v by ring. exact B.
  - right. rewrite A, B. split; [ring | auto].
Qed.

(** One of finitely many rows is nowhere exceeded. *)
Lemma greatest_exists g a l : exists r, In r (a :: l) /\ forall s, In s (a :: l) -> above g (minus_row R r s).
Proof.
  assert (S : forall r, above g (minus_row R r r)) by (intros r; destruct (above_total g r r); assumption).
  revert a; induction l as [|b l IH]; intros a.
  - exists a. split; [left; reflexivity|]. intros s [<-|[]]. apply S.
  - destruct (IH b) as (r & I & H). destruct (above_total g a r) as [A|A].
    + exists a. split; [left; reflexivity|]. intros s [<-|J]; [apply S | exact (above_trans _ _ _ _ A (H s J))].
    + exists r. split; [right; exact I|]. intros s [<-|J]; [exact A | exact (H s J)].
Qed.

(** ** Atoms at a germ *)

Definition value_is (g : germ) (p : positive) (r : row) : Prop := forall c, In c g -> snd c p = coordinate c r.

Definition resolves (m : atoms_map R) (g : germ) : Prop := forall p l, Map.find p m = Some l ->
  exists r, In r (zero_row R :: l) /\ value_is g p r /\ forall s, In s (zero_row R :: l) -> above g (minus_row R r s).

(** Bounds of inputs and atoms, if every atom is over earlier variables and its bound holds. *)
Definition before (first p : positive) : bool := Pos.ltb p first.

Fixpoint atom_bounds (b : box R) (first : positive) (T : table R) : option (box R) :=
  match T with
  | [] => Some b
  | a :: T =>
      guard (forallb (fun r => uses R (before first) (linear r)) (arguments R a) &&
             match most R a with
             | Some f => forallb (fun r => row_nonneg R b (minus_row R (number_row R (fst f) (snd f)) r)) (zero_row R :: arguments R a)
             | None => true
             end)
        (atom_bounds (Map.add first (Some (number R 0, 1%positive), most R a) b) (Pos.succ first) T)
  end.

Definition arguments_map (first : positive) (T : table R) : atoms_map R := array_from first (map (arguments R) T).

Lemma find_early {A} (l : list A) : forall start p, (p < start)%positive -> Map.find p (array_from start l) = None.
Proof.
  induction l as [|a l IH]; intros start p L; simpl; [apply FMapPositive.PositiveMap.gempty|].
  rewrite FMapPositive.PositiveMap.gso by lia. apply IH. lia.
Qed.

Lemma solves_within T : forall b first b' x, atom_bounds b first T = Some b' -> within R b x ->
  solves R (arguments_map first T) x -> within R b' x.
Proof.
  induction T as [|a T IH]; intros b first b' x E B S; cbn [atom_bounds] in E; [injection E as <-; exact B|].
  apply guard_some in E as [C E]. apply andb_prop in C as [_ C]. apply (IH _ _ _ x E).
  - intros p i F. destruct (Pos.eq_dec p first) as [->|D].
    + rewrite FMapPositive.PositiveMap.gss in F. injection F as <-.
      destruct (S first (arguments R a)) as [G H]; [apply FMapPositive.PositiveMap.gss|].
      split; cbn [fst snd]; intros f M.
      * injection M as <-. inversion G; subst. unfold zero_row in H2. rewrite number_zero in H2. unfold fraction. simpl.
        rewrite number_exact, natural_one. replace (integer 0 / 1) with 0 by (apply Qc_is_canon; reflexivity). exact H2.
      * rewrite M in C. apply Exists_exists in H as (r & I & <-). apply (proj1 (forallb_forall _ _)) with (x := r) in C; [|exact I].
        apply (row_nonneg_correct R b x _ B) in C. rewrite minus_row_correct, number_row_correct in C.
        apply difference_nonneg. exact C.
    + rewrite FMapPositive.PositiveMap.gso in F by exact D. exact (B p i F).
  - intros p l F. apply S. unfold arguments_map in *. simpl. destruct (Pos.eq_dec p first) as [->|D].
    + rewrite find_early in F by lia. discriminate.
    + rewrite FMapPositive.PositiveMap.gso by exact D. exact F.
Qed.

(** Germs that are the same on the variables before some. *)
Definition agree_before (first : positive) (c d : Qc * (positive -> Qc)) : Prop :=
  fst c = fst d /\ forall p, (p < first)%positive -> snd c p = snd d p.

Lemma coordinate_before first c d r : agree_before first c d -> uses R (before first) (linear r) = true -> coordinate c r = coordinate d r.
Proof.
  intros [E H] U. unfold coordinate. rewrite E. f_equal. unfold Rows.at_row. do 2 f_equal.
  apply (uses_correct R (before first)); [exact U|]. intros p L. apply H, Pos.ltb_lt, L.
Qed.

Lemma uses_nothing first : uses R (before first) (linear (zero_row R)) = true.
Proof. reflexivity. Qed.

Lemma above_before first g h r : Forall2 (agree_before first) g h ->
  (forall c d, agree_before first c d -> coordinate c r = coordinate d r) -> above g r -> above h r.
Proof. intros A C. induction A as [|c d g h E _ IH]; simpl; [auto|]. rewrite (C c d E). tauto. Qed.

(** Every germ of the inputs extends to the atoms. *)
Theorem germ_extends T : forall b first b' g, atom_bounds b first T = Some b' ->
  exists h, Forall2 (agree_before first) g h /\ resolves (arguments_map first T) h.
Proof.
  induction T as [|a T IH]; intros b first b' g E; cbn [atom_bounds] in E.
  - exists g. split; [|intros p l F; unfold arguments_map in F; simpl in F; rewrite FMapPositive.PositiveMap.gempty in F; discriminate].
    clear. induction g as [|c g IH]; constructor; [split; auto | exact IH].
  - apply guard_some in E as [C E]. apply andb_prop in C as [U _]. rewrite forallb_forall in U.
    destruct (greatest_exists g (zero_row R) (arguments R a)) as (r & I & M).
    pose (step := fun c : Qc * (positive -> Qc) => (fst c, fun p => if Pos.eqb p first then coordinate c r else snd c p)).
    destruct (IH _ _ _ (map step g) E) as (h & A & S). exists h.
    assert (U' : forall s, In s (zero_row R :: arguments R a) -> uses R (before first) (linear s) = true).
    { intros s [<-|J]; [apply uses_nothing | apply U, J]. }
    assert (A' : Forall2 (fun c d => agree_before first c d /\ snd d first = coordinate c r) g h).
    { clear - A. revert h A. induction g as [|c g IH]; intros h A; inversion A as [|? d ? h' [E H] A']; subst; constructor; [|apply IH, A'].
      simpl in *. repeat split; [exact E | |].
      - intros p L. rewrite <- H by lia. destruct (Pos.eqb_spec p first); [lia | reflexivity].
      - rewrite <- H by lia. rewrite Pos.eqb_refl. reflexivity. }
    assert (A2 : Forall2 (agree_before first) g h) by (clear - A'; induction A' as [|? ? ? ? [? ?]]; constructor; assumption).
    split; [exact A2|]. intros p l F. unfold arguments_map in F. simpl in F. destruct (Pos.eq_dec p first) as [->|D].
    + rewrite FMapPositive.PositiveMap.gss in F. injection F as <-. exists r. split; [exact I|]. split.
      * intros d J. clear - A' J U' I. induction A' as [|c d' g h [E V] _ IH]; [contradiction|].
        destruct J as [->|J]; [|exact (IH J)]. rewrite V. apply (coordinate_before first); [exact E | apply U', I].
      * intros s J. apply (above_before first g); [exact A2 | | exact (M s J)].
        intros c d Q. rewrite !coordinate_minus, (coordinate_before first c d r Q), (coordinate_before first c d s Q) by auto. reflexivity.
    + rewrite FMapPositive.PositiveMap.gso in F by exact D. exact (S p l F).
Qed.

(** At the first coordinate, atoms are the maxima that they should be. *)
Lemma resolves_solves m x g : resolves m ((1, x) :: g) -> solves R m x.
Proof.
  intros S p l F. destruct (S p l F) as (r & I & V & M).
  assert (E : x p = at_row x r) by (rewrite <- coordinate_point; exact (V (1, x) (or_introl eq_refl))).
  rewrite E. split.
  - apply Forall_forall. intros s J. specialize (M s J). simpl in M. rewrite coordinate_point, minus_row_correct in M.
    apply difference_nonneg. destruct M as [M|[M _]]; [apply Qclt_le_weak, M | rewrite M; apply Qcle_refl].
  - apply Exists_exists. exists r. auto.
Qed.
End Germs.
