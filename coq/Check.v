(** * Theorems about networks, and checkers that prove them

    Each section defines a statement about all inputs, a boolean check that Coq computes, and the theorem that the
    check is sound. Exports instantiate these theorems and compute the checks. *)
From Coq Require Import Bool List ZArith QArith Qcanon Lia.
From Netprove Require Import Network Relate Rows Kinks Germs Cases Domains.
Import ListNotations.
Open Scope Z_scope.
Open Scope Qc_scope.

Section Statements.
Context (R : ring).
Notation W := (weight R).
Notation network := (network W).
Notation f_at f xs := (run (number R) (exact R) f xs).

Definition admits (i : shape * domain W) (t : tensor Qc) : Prop :=
  dims t = fst i /\ well_formed t = true /\ Forall (in_domain R (snd i)) (entries t).

(** The inputs that a network is for: of its shapes, with entries in its domains. *)
Definition fits (f : network) (xs : list (tensor Qc)) : Prop := Forall2 admits (inputs f) xs.

(** All input entries, one after the other. *)
Definition entries_of {A} (xs : list (tensor A)) : list A := flat_map entries xs.

(** ** Unknown inputs *)

Fixpoint unknowns_from (k n : nat) : list (row W) :=
  match n with
  | O => []
  | S n => variable R (position k) :: unknowns_from (S k) n
  end.

Fixpoint unknown_inputs (k : nat) (is : list (shape * domain W)) : list (tensor (row W)) :=
  match is with
  | [] => []
  | i :: is => let n := Z.to_nat (elements (fst i)) in Tensor (fst i) (unknowns_from k n) :: unknown_inputs (k + n) is
  end.

Definition unknowns (f : network) : list (tensor (row W)) := unknown_inputs 0 (inputs f).

(** The domain of each input entry. *)
Definition domains (f : network) : list (domain W) :=
  flat_map (fun i => repeat (snd i) (Z.to_nat (elements (fst i)))) (inputs f).

(** The value of position p. *)
Definition reads (l : list Qc) (p : positive) : Qc := nth (pred (Pos.to_nat p)) l 0.

(** A valuation of the variables that begins with these values. *)
Definition begins (x : positive -> Qc) (l : list Qc) : Prop := forall k q, nth_error l k = Some q -> x (position k) = q.

Lemma reads_begins l : begins (reads l) l.
Proof. intros k q E. unfold reads, position. rewrite SuccNat2Pos.id_succ. exact (nth_error_nth _ _ 0 E). Qed.

Lemma unknowns_from_stand x : forall l k, (forall j q, nth_error l j = Some q -> x (position (k + j)) = q) ->
  Forall2 (stands R x) (unknowns_from k (length l)) l.
Proof.
  induction l as [|q l IH]; intros k H; simpl; constructor.
  - unfold stands. rewrite variable_correct. rewrite <- (H 0%nat q eq_refl), Nat.add_0_r. reflexivity.
  - apply IH. intros j r E. rewrite <- (H (S j) r E), Nat.add_succ_r. reflexivity.
Qed.

Lemma well_formed_length {A} (t : tensor A) : well_formed t = true -> Z.to_nat (elements (dims t)) = length (entries t).
Proof. intros F. apply andb_prop in F as [_ F]. apply Z.eqb_eq in F. rewrite <- F. apply Nat2Z.id. Qed.

Lemma unknown_inputs_stand x : forall is xs k, Forall2 admits is xs ->
  (forall j q, nth_error (entries_of xs) j = Some q -> x (position (k + j)) = q) ->
  Forall2 (related (stands R x)) (unknown_inputs k is) xs.
Proof.
  induction is as [|i is IH]; intros xs k H E; inversion H as [|? t ? ts (D & F & _) Hts]; subst; simpl; constructor.
  - split; [symmetry; exact D|]. simpl. rewrite <- D, (well_formed_length t F). apply unknowns_from_stand.
    intros j q N. apply E. simpl. rewrite nth_error_app1; [exact N | apply nth_error_Some; congruence].
  - apply IH; [exact Hts|]. intros j q N. rewrite <- Nat.add_assoc. apply E. simpl.
    rewrite <- D, (well_formed_length t F), nth_error_app2 by lia. rewrite Nat.add_comm, Nat.add_sub. exact N.
Qed.

Lemma unknowns_stand f xs x : fits f xs -> begins x (entries_of xs) -> Forall2 (related (stands R x)) (unknowns f) xs.
Proof. intros H B. apply (unknown_inputs_stand x _ _ 0 H). exact B. Qed.

Lemma domains_hold f xs : fits f xs -> Forall2 (in_domain R) (domains f) (entries_of xs).
Proof.
  unfold fits, domains. induction 1 as [|[s d] t is ts (D & F & B) H IH]; simpl in *; [constructor|].
  apply Forall2_app; [|exact IH]. rewrite <- D, (well_formed_length t F). clear - B.
  induction (entries t); simpl; constructor; inversion B; auto.
Qed.

Lemma domains_obeyed f xs x : fits f xs -> begins x (entries_of xs) -> obeys R (domains f) x.
Proof.
  intros H B k d E. destruct (nth_error_related _ _ _ _ (domains_hold f xs H) _ E) as (q & Q & D).
  rewrite (B k q Q). exact D.
Qed.

(** ** Evidence *)

(** Atoms that maxima are multiples of, and cases. Nothing of it is believed. *)
Record evidence := Evidence { atoms : table R; cases : tree R }.

(** No atoms and no cases: the domain decides every maximum. *)
Definition plainly : evidence := Evidence [] (Leaf R).

(** How networks are evaluated on rows over inputs and atoms; and the bounds of these variables. *)
Definition prepared (f : network) (e : evidence) : option (box R * numbers W (row W)) :=
  let end_ := inputs_end R (domains f) in
  let? b := atom_bounds R (box_of R (domains f)) end_ (atoms e) in
  let m := arguments_map R end_ (atoms e) in
  (* Of atoms that are the same maximum, one that the cases decide is chosen. *)
  let tree := decided R (cases e) (Map.empty _) in
  let names := all_keys R b m in
  Some (b, rows R b m (filter (fun k => Map.mem (fst k) tree) names ++ names)).

(** Whether the cases show that the rows are equal. *)
Definition agreed (f : network) (e : evidence) (left right : list (row W)) : bool :=
  let ds := domains f in
  let known := domain_rows R ds in
  walk R (inputs_end R ds) (roomy R ds) (arguments_map R (inputs_end R ds) (atoms e)) left right
    (Map.empty _) (array known) (position (length known)) (cases e).

Lemma all_equal {A} (g h : A -> Qc) (l m : list A) : Forall2 (fun a b => g a = h b) l m ->
  forall u v, Forall2 (fun a q => g a = q) l u -> Forall2 (fun b q => h b = q) m v -> u = v.
Proof.
  induction 1 as [|a b l m E _ IH]; intros u v U V; inversion U; inversion V; subst; [reflexivity|].
  f_equal; [exact E | eapply IH; eassumption].
Qed.

(** At every input, rows over the variables stand for values, and what the cases say of them holds. *)
Theorem evidence_sound f e b N xs : fits f xs -> prepared f e = Some (b, N) -> exists x,
  within R b x /\ keeps (stands R x) N (exact R) /\ Forall2 (related (stands R x)) (unknowns f) xs /\
  forall l m u v, agreed f e l m = true -> Forall2 (stands R x) l u -> Forall2 (stands R x) m v -> u = v.
Proof.
  unfold prepared. intros F E. set (ds := domains f) in *. split_bind.
  pose proof (domains_obeyed f xs _ F (reads_begins _)) as O. fold ds in O. set (x0 := reads (entries_of xs)) in *.
  destruct (germ_extends R (atoms e) _ _ _ (moved R ds x0) H) as (h & A & S).
  assert (P : exists x h', h = (1, x) :: h' /\ forall p, (p < inputs_end R ds)%positive -> x0 p = x p).
  { unfold moved in A. inversion A as [|? [o x] ? h' [Q C] A']; subst. simpl in *. subst o. eauto. }
  destruct P as (x & h' & -> & P). exists x.
  assert (L : length ds = length (entries_of xs)) by exact (Forall2_length _ _ _ (domains_hold f xs F)).
  assert (B : begins x (entries_of xs)).
  { intros k q N. rewrite <- P; [exact (reads_begins _ k q N)|]. unfold inputs_end, position.
    assert (k < length (entries_of xs))%nat by (apply nth_error_Some; congruence). lia. }
  pose proof (domains_obeyed f xs x F B) as O'. fold ds in O'. pose proof (resolves_solves R _ x h' S) as S'.
  pose proof (solves_within R _ _ _ _ x H (box_holds R ds x O') S') as W'.
  split; [exact W'|]. split; [apply rows_sound; assumption|]. split; [exact (unknowns_stand f xs x F B)|].
  - intros l m u v C U V. refine (all_equal (at_row R x) (at_row R x) l m _ u v U V).
    assert (SR : forall c d r, agree_before (inputs_end R ds) c d -> uses R (before (inputs_end R ds)) (linear r) = true -> coordinate R c r = coordinate R d r)
      by (intros; eapply coordinate_before; eassumption).
    assert (G : generic R (inputs_end R ds) (roomy R ds) ((1, x) :: h')).
    { destruct (moved_generic R ds x0) as [G1 G2]. split.
      - split; [reflexivity|]. inversion A as [|? ? ? ? _ A']; subst. clear - A' G1. destruct G1 as [_ G1].
        set (T := if roomy R ds then _ else _) in *. clearbody T. induction A' as [|c d ? ? [Q _] _ IH];  [constructor|]. inversion G1; subst. constructor; [congruence | auto].
      - intros Y r D Z. apply (G2 Y r D). apply andb_prop in D as [_ D]. clear - A Z D SR.
        induction A as [|c d ? ? Q _ IH]; [constructor|]. inversion Z; subst. constructor; [rewrite (SR c d r Q D); assumption | exact (IH H2)]. }
    assert (HG : holds R ((1, x) :: h') (array (domain_rows R ds))).
    { intros i r I. apply (above_before R (inputs_end R ds) (moved R ds x0)); [exact A | | exact (moved_holds R ds x0 O i r I)].
      intros c d Q. rewrite find_array in I. apply nth_error_In, rows_from_in in I as (j & low & high & den & N & I).
      assert (M : coordinate R c (variable R (position j)) = coordinate R d (variable R (position j))).
      { rewrite !coordinate_variable. apply Q. assert (j < length ds)%nat by (apply nth_error_Some; congruence). unfold inputs_end, position. lia. }
      destruct c as [o y], d as [o' y']. destruct Q as [Q _]. simpl in Q, I. subst o'.
      destruct I as [-> | ->]; rewrite !coordinate_minus, M, !coordinate_number; reflexivity. }
    assert (K : knows R ((1, x) :: h') (Map.empty _)) by (intros p k I; rewrite FMapPositive.PositiveMap.gempty in I; discriminate).
    pose proof (walk_sound R _ _ _ l m _ G S (cases e) _ _ _ K HG C) as Q. clear - Q.
    induction Q as [|a b' ? ? Q _ IH]; constructor; [|exact IH]. specialize (Q (1, x) (or_introl eq_refl)). rewrite !coordinate_point in Q. exact Q.
Qed.

(** The network's value as rows over its inputs, where the domains decide every maximum. *)
Definition run_rows (f : network) : option (tensor (row W)) :=
  run (number R) (rows R (box_of R (domains f)) (Map.empty _) []) f (unknowns f).

Lemma run_rows_sound f xs : fits f xs -> implies (related (stands R (reads (entries_of xs)))) (run_rows f) (f_at f xs).
Proof.
  intros H. apply run_related; [|apply unknowns_stand; [exact H | apply reads_begins]].
  apply rows_sound; [apply box_holds, (domains_obeyed f xs _ H), reads_begins|].
  intros p l F. rewrite FMapPositive.PositiveMap.gempty in F. discriminate.
Qed.

(** ** f(x) = Mx + b *)

(** Rows (constant, [(position, weight); …]) over one denominator. *)
Record matrix := Matrix { common : positive; lines : list (W * list (Z * W)) }.

Definition apply {A} (N : numbers W A) (m : matrix) (x : list A) : option (list A) :=
  let x := array x in
  collect (map (fun line =>
    let? terms := collect (map (fun t => let? a := get x (fst t) in Some (snd t, a)) (snd line)) in
    Some (sum N (fst line) terms (common m))) (lines m)).

(** For every input: the shapes agree, the output has shape [s], and its entries are Mx + b. *)
Definition equals_affine (f : network) (s : shape) (m : matrix) : Prop :=
  forall xs, fits f xs -> exists y, f_at f xs = Some (Tensor s y) /\ apply (exact R) m (entries_of xs) = Some y.

Lemma apply_related {A B} (rel : A -> B -> Prop) NA NB m xs ys : keeps rel NA NB ->
  Forall2 rel xs ys -> implies (Forall2 rel) (apply NA m xs) (apply NB m ys).
Proof.
  intros K H. apply collect_related. intros [c line] _ r E. simpl in *. split_bind.
  assert (T : implies (same_terms rel) (collect (map (fun t => let? a := get (array xs) (fst t) in Some (snd t, a)) line))
                                       (collect (map (fun t => let? a := get (array ys) (fst t) in Some (snd t, a)) line))).
  { apply collect_related. intros t _ r E. split_bind. destruct (get_related rel _ _ _ H _ H1) as (b & -> & ?).
    simpl. eexists; split; [reflexivity|]. split; [reflexivity | assumption]. }
  destruct (T _ H0) as (u & -> & S). simpl. eexists; split; [reflexivity|]. apply (keeps_sum _ _ _ K), S.
Qed.

Lemma entries_related {A B} (rel : A -> B -> Prop) xs ys : Forall2 (related rel) xs ys -> Forall2 rel (entries_of xs) (entries_of ys).
Proof. induction 1 as [|? ? ? ? [_ H] _ IH]; simpl; [constructor|]. apply Forall2_app; assumption. Qed.

Lemma same_true s t : same s t = true -> s = t.
Proof. unfold same. destruct (list_eq_dec _ _ _); [auto|discriminate]. Qed.

Definition check_affine (f : network) (e : evidence) (s : shape) (m : matrix) : bool :=
  match prepared f e with
  | Some (_, N) =>
      match run (number R) N f (unknowns f), apply N m (entries_of (unknowns f)) with
      | Some t, Some y => same (dims t) s && agreed f e (entries t) y
      | _, _ => false
      end
  | None => false
  end.

Theorem affine_sound f e s m : check_affine f e s m = true -> equals_affine f s m.
Proof.
  unfold check_affine. intros H xs F. destruct (prepared f e) as [[b N]|] eqn:P; [|discriminate].
  destruct (run _ _ f _) as [t|] eqn:T; [|discriminate].
  destruct (apply _ _ _) as [y|] eqn:Y; [|discriminate]. apply andb_prop in H as [S E]. apply same_true in S.
  destruct (evidence_sound f e b N xs F P) as (x & _ & K & U & A).
  destruct (run_related _ _ _ K (number R) f _ _ U _ T) as ([s' u] & -> & D & Hu). simpl in *.
  destruct (apply_related _ _ _ m _ _ K (entries_related _ _ _ U) _ Y) as (v & -> & Hv).
  exists u. split; [congruence|]. f_equal. symmetry. exact (A _ _ _ _ E Hu Hv).
Qed.

(** ** f = g *)

Definition equal (f g : network) : Prop := forall xs, fits f xs -> exists y, f_at f xs = Some y /\ f_at g xs = Some y.

(** The values of both, as rows over the same variables. *)
Definition both (f g : network) (e : evidence) : option (box R * tensor (row W) * tensor (row W)) :=
  let? (b, N) := prepared f e in
  let? t := run (number R) N f (unknowns f) in
  let? u := run (number R) N g (unknowns f) in
  guard (same (dims t) (dims u)) (Some (b, t, u)).

Lemma both_sound f g e b t u xs : both f g e = Some (b, t, u) -> fits f xs -> exists x s y z,
  within R b x /\ f_at f xs = Some (Tensor s y) /\ f_at g xs = Some (Tensor s z) /\
  Forall2 (stands R x) (entries t) y /\ Forall2 (stands R x) (entries u) z /\
  (agreed f e (entries t) (entries u) = true -> y = z).
Proof.
  unfold both. intros H F. destruct (prepared f e) as [[b' N]|] eqn:P; [|discriminate]. simpl in H. split_bind.
  destruct (evidence_sound f e _ N xs F P) as (x & B & K & U & A).
  match goal with T : run _ _ f _ = _ |- _ => destruct (run_related _ _ _ K (number R) f _ _ U _ T) as ([s y] & -> & D & Y) end.
  match goal with T : run _ _ g _ = _ |- _ => destruct (run_related _ _ _ K (number R) g _ _ U _ T) as ([s' z] & -> & D' & Z) end.
  match goal with S : same _ _ = true |- _ => apply same_true in S; simpl in *; assert (s' = s) by congruence end.
  subst s'. exists x, s, y, z. split; [exact B|]. repeat split; auto; [do 2 f_equal; assumption|]. intros E. exact (A _ _ _ _ E Y Z).
Qed.

Definition check_equal (f g : network) (e : evidence) : bool :=
  match both f g e with Some (_, t, u) => agreed f e (entries t) (entries u) | None => false end.

Theorem equal_sound f g e : check_equal f g e = true -> equal f g.
Proof.
  unfold check_equal. intros H xs F. destruct (both f g e) as [[[b t] u]|] eqn:E; [|discriminate].
  destruct (both_sound f g e b t u xs E F) as (x & s & y & z & _ & -> & -> & _ & _ & A). rewrite (A H). eauto.
Qed.

(** ** |f - g| ≤ ε, entry by entry *)

Definition close (f g : network) (bound : Qc) : Prop := forall xs, fits f xs -> exists s u v,
  f_at f xs = Some (Tensor s u) /\ f_at g xs = Some (Tensor s v) /\ Forall2 (fun a b => a - b <= bound /\ b - a <= bound) u v.

Fixpoint rows_close (b : box R) (w : W) (d : positive) (l m : list (row W)) : bool :=
  match l, m with
  | [], [] => true
  | r :: l, s :: m =>
      row_nonneg R b (minus_row R (number_row R w d) (minus_row R r s)) &&
      row_nonneg R b (minus_row R (number_row R w d) (minus_row R s r)) && rows_close b w d l m
  | _, _ => false
  end.

Definition check_close (f g : network) (e : evidence) (w : W) (d : positive) : bool :=
  match both f g e with Some (b, t, u) => rows_close b w d (entries t) (entries u) | None => false end.

Theorem close_sound f g e w d : check_close f g e w d = true -> close f g (fraction R (w, d)).
Proof.
  unfold check_close. intros H xs F. destruct (both f g e) as [[[b t] u]|] eqn:E; [|discriminate].
  destruct (both_sound f g e b t u xs E F) as (x & s & y & z & B & Y & Z & SY & SZ & _).
  exists s, y, z. repeat split; try assumption. clear - B H SY SZ. revert H z SZ. generalize (entries u) as m.
  induction SY as [|r q l y Q _ IH]; intros [|r' m] H z SZ; try discriminate; inversion SZ; subst; constructor.
  - simpl in H. apply andb_prop in H as [H _]; apply andb_prop in H as [H H'].
    apply (row_nonneg_correct R b x _ B) in H, H'. rewrite !minus_row_correct, number_row_correct in H, H'. unfold stands in *. subst.
    split; apply difference_nonneg; assumption.
  - simpl in H. apply andb_prop in H as [_ H]. exact (IH _ H _ H4).
Qed.
End Statements.
