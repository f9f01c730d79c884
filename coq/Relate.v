(** * One evaluator, many numbers

    If the operations of two types of numbers keep a relation, the values of every network are related
    (parametricity, proved once). Everything else follows from it: exact numbers are related to affine rows that
    stand for them, to nothing but their shapes, and to themselves along a line. *)
From Coq Require Import Bool List ZArith.
From Netprove Require Import Network.
Import ListNotations.

Lemma bind_some {A B} (a : option A) (f : A -> option B) b : bind a f = Some b -> exists x, a = Some x /\ f x = Some b.
Proof. destruct a; simpl; [eauto | discriminate]. Qed.

Lemma guard_some {A} test (a : option A) b : guard test a = Some b -> test = true /\ a = Some b.
Proof. destruct test; simpl; [auto | discriminate]. Qed.

Ltac split_bind :=
  repeat match goal with
  | H : bind _ _ = Some _ |- _ => apply bind_some in H; destruct H as (? & ? & ?)
  | H : guard _ _ = Some _ |- _ => apply guard_some in H; destruct H as (? & ?)
  | H : Some _ = Some _ |- _ => injection H as H; subst
  | H : None = Some _ |- _ => discriminate
  end.

Lemma collect_some {A} (l : list (option A)) r : collect l = Some r -> l = map Some r.
Proof.
  revert r; induction l; simpl; intros r H; split_bind; [reflexivity|].
  simpl; f_equal; auto.
Qed.

Lemma collect_map_some {A} (r : list A) : collect (map Some r) = Some r.
Proof. induction r; simpl; [reflexivity|]. rewrite IHr; reflexivity. Qed.

(** [a] has a value only if [b] has a related one. *)
Definition implies {A B} (R : A -> B -> Prop) (a : option A) (b : option B) : Prop :=
  forall x, a = Some x -> exists y, b = Some y /\ R x y.

Lemma nth_error_related {A B} (R : A -> B -> Prop) l m k : Forall2 R l m -> implies R (nth_error l k) (nth_error m k).
Proof.
  intros H; revert k; induction H; intros [|k] r; simpl; try discriminate; intros E.
  - injection E as <-; eauto.
  - eapply IHForall2; eauto.
Qed.

Lemma Forall2_length {A B} (R : A -> B -> Prop) l m : Forall2 R l m -> length l = length m.
Proof. induction 1; simpl; auto. Qed.

Section Relation.
Context {A B : Type} (R : A -> B -> Prop).

Definition related (s : tensor A) (t : tensor B) : Prop := dims s = dims t /\ Forall2 R (entries s) (entries t).

Lemma collect_related {I} (f : I -> option A) (g : I -> option B) (l : list I) :
  (forall i, In i l -> implies R (f i) (g i)) -> implies (Forall2 R) (collect (map f l)) (collect (map g l)).
Proof.
  induction l; simpl; intros H r Hr; split_bind.
  - exists []; auto.
  - destruct (H a (or_introl eq_refl) _ H0) as (y & -> & ?).
    destruct (IHl (fun i Hi => H i (or_intror Hi)) _ H1) as (ys & -> & ?).
    simpl; eauto.
Qed.

Lemma array_from_related l m : Forall2 R l m -> forall p k,
  match Map.find k (array_from p l), Map.find k (array_from p m) with
  | Some a, Some b => R a b | None, None => True | _, _ => False end.
Proof.
  induction 1 as [|a b l m Hab H IH]; intros p k; simpl.
  - rewrite !FMapPositive.PositiveMap.gempty; exact I.
  - destruct (Pos.eq_dec k p) as [->|D].
    + rewrite !FMapPositive.PositiveMap.gss; exact Hab.
    + rewrite !FMapPositive.PositiveMap.gso by exact D. apply IH.
Qed.

Lemma get_related l m k : Forall2 R l m -> implies R (get (array l) k) (get (array m) k).
Proof.
  intros H x; unfold get, array. destruct (0 <=? k)%Z; [|discriminate].
  generalize (array_from_related l m H 1 (Z.to_pos (k + 1))).
  destruct (Map.find _ (array_from 1 l)); [|discriminate].
  destruct (Map.find _ (array_from 1 m)); [|tauto].
  intros ? E; injection E as <-; eauto.
Qed.

Context {W : Type} (NA : numbers W A) (NB : numbers W B).

Definition same_terms : list (W * A) -> list (W * B) -> Prop := Forall2 (fun s t => fst s = fst t /\ R (snd s) (snd t)).

(** What the operations have to do. *)
Record keeps : Prop := {
  keeps_sum : forall c s t d, same_terms s t -> R (sum NA c s d) (sum NB c t d);
  keeps_max : forall a b a' b', R a b -> R a' b' -> implies R (max NA a a') (max NB b b');
  keeps_min : forall a b a' b', R a b -> R a' b' -> implies R (min NA a a') (min NB b b');
  keeps_times : forall a b a' b', R a b -> R a' b' -> implies R (times NA a a') (times NB b b') }.

Hypothesis K : keeps.

Lemma value_related (f : entry -> option A) (g : entry -> option B) (e : expression W) :
  (forall i, implies R (f i) (g i)) -> implies R (value NA f e) (value NB g e).
Proof.
  intros H; induction e; simpl; intros r E; split_bind.
  - assert (T : implies same_terms (read_terms f terms) (read_terms g terms)).
    { unfold read_terms, same_terms. clear - H.
      induction terms as [|t terms IH]; simpl; intros r E; split_bind; [eauto|].
      destruct (H _ _ H0) as (y & -> & ?). destruct (IH _ H1) as (ys & -> & ?). simpl; eauto. }
    destruct (T _ H0) as (y & -> & ?). simpl. eexists; split; [reflexivity|]. apply (keeps_sum K); assumption.
  - destruct (IHe1 _ H0) as (y & -> & ?). destruct (IHe2 _ H1) as (z & -> & ?). simpl.
    eexists; split; [reflexivity|]. apply (keeps_sum K). repeat constructor; assumption.
  - destruct (IHe1 _ H0) as (y & -> & ?). destruct (IHe2 _ H1) as (z & -> & ?). simpl. eapply (keeps_max K); eauto.
  - destruct (IHe1 _ H0) as (y & -> & ?). destruct (IHe2 _ H1) as (z & -> & ?). simpl. eapply (keeps_min K); eauto.
  - destruct (IHe1 _ H0) as (y & -> & ?). destruct (IHe2 _ H1) as (z & -> & ?). simpl. eapply (keeps_times K); eauto.
Qed.

Lemma dims_related xs ys : Forall2 related xs ys -> map dims xs = map dims ys.
Proof. induction 1 as [|? ? ? ? [E ?]]; simpl; [reflexivity|]. f_equal; assumption. Qed.

Lemma well_formed_related s t : related s t -> well_formed s = well_formed t.
Proof. intros [E F]. unfold well_formed. rewrite E, (Forall2_length _ _ _ F). reflexivity. Qed.

Context (number : Z -> W).

Lemma evaluate_related l xs ys : Forall2 related xs ys ->
  implies related (evaluate number NA l xs) (evaluate number NB l ys).
Proof.
  intros H r E. unfold evaluate in *. rewrite <- (dims_related xs ys H).
  destruct (layer_value number l (map dims xs)) as [f|]; [|discriminate]. simpl in *. split_bind.
  eapply collect_related in H0 as (found & -> & F).
  - simpl. eexists; split; [reflexivity|]. split; [reflexivity | exact F].
  - intros i _ e' E. split_bind. destruct (snd f i) as [e|]; [|discriminate]. simpl. injection H1 as <-.
    revert e' H2. apply value_related. clear - H. intros [o i] a E. simpl in *. split_bind.
    rewrite nth_error_map in *. destruct (nth_error xs o) as [t|] eqn:T; [|discriminate].
    destruct (nth_error_related related xs ys o H t T) as (t' & -> & [D F]). simpl in *. injection H0 as <-. simpl in *.
    unfold at_index in *. rewrite <- D. split_bind. rewrite H0; simpl. eapply get_related; eauto.
Qed.

Lemma run_nodes_related todo : forall xs ys, Forall2 related xs ys ->
  implies (Forall2 related) (run_nodes number NA todo xs) (run_nodes number NB todo ys).
Proof.
  induction todo as [|n todo IH]; simpl; intros xs ys H r E; split_bind; [eauto|].
  assert (C : implies (Forall2 related) (collect (map (nth_error xs) (operands n))) (collect (map (nth_error ys) (operands n)))).
  { clear - H. induction (operands n) as [|o l IHl]; simpl; intros r E; split_bind; [eauto|].
    destruct (nth_error_related related xs ys o H _ H0) as (? & -> & ?). destruct (IHl _ H1) as (? & -> & ?). simpl; eauto. }
  destruct (C _ H0) as (found & -> & F). simpl.
  destruct (evaluate_related (operation n) _ _ F _ H1) as (t & -> & [D T]). simpl.
  rewrite <- D, <- (well_formed_related x0 t) by (split; assumption). rewrite H2. simpl.
  eapply IH; [|exact H3]. apply Forall2_app; [assumption|]. constructor; [split; assumption | constructor].
Qed.

Lemma well_formed_all xs ys : Forall2 related xs ys -> forallb well_formed xs = forallb well_formed ys.
Proof. induction 1; simpl; [reflexivity|]. rewrite (well_formed_related _ _ H). f_equal; assumption. Qed.

Theorem run_related f xs ys : Forall2 related xs ys -> implies related (run number NA f xs) (run number NB f ys).
Proof.
  intros H r E. unfold run in *. rewrite <- (dims_related _ _ H), <- (well_formed_all _ _ H). split_bind. rewrite H0; cbn [guard].
  destruct (run_nodes_related _ _ _ H _ H1) as (v & -> & F). cbn [bind].
  refine (nth_error_related related _ _ _ _ _ H2). clear - F.
  induction F; simpl; [constructor|]. apply Forall2_app; [assumption|]. constructor; [assumption | constructor].
Qed.
End Relation.
