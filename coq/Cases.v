(** * Proofs by cases

    A tree says, region by region, which argument each atom's maximum is. Some regions have no points inside:
    multipliers of the functions that are ≥ 0 there add up to a constant that is not positive (Farkas). Such a region
    may still have points, in a hyperplane. But no input moved by infinitesimals lies in it ([Germs]), so each of them
    lies in a region with points inside, and what is found there holds at the input itself. *)
From Coq Require Import Bool List ZArith QArith Qcanon Lia.
From Netprove Require Import Network Relate Rows Kinks Germs.
Import ListNotations.
Open Scope Z_scope.
Open Scope Qc_scope.

Section Cases.
Context (R : ring).
Notation W := (weight R).
Notation row := (row W).
Notation coordinate := (coordinate R).
Notation above := (above R).
Notation over := (over R).

(** Positive multipliers of the functions of a region, by their numbers. *)
Definition multipliers := list (positive * W).

Inductive tree :=
| Leaf                                     (** both sides are the same rows here *)
| Empty (proof : multipliers)              (** the region has no points inside *)
| Fixed (atom : positive) (argument : nat) (others : list multipliers) (rest : tree)
    (** the atom is this argument on the whole region: no other is larger anywhere inside *)
| Split (atom : positive) (branches : list tree).  (** one case an argument: it is the largest *)

(** Induction with a hypothesis for every branch. *)
Definition tree_cases (P : tree -> Prop) (leaf : P Leaf) (empty : forall m, P (Empty m))
  (fixed : forall p j o t, P t -> P (Fixed p j o t)) (split : forall p ts, Forall P ts -> P (Split p ts)) : forall t, P t :=
  fix go t := match t with
  | Leaf => leaf
  | Empty m => empty m
  | Fixed p j o t => fixed p j o t (go t)
  | Split p ts => split p ts ((fix all ts : Forall P ts := match ts with [] => Forall_nil P | t :: ts => Forall_cons t (go t) (all ts) end) ts)
  end.

(** The atoms that a tree decides. *)
Fixpoint decided (t : tree) (found : Map.t unit) {struct t} : Map.t unit :=
  match t with
  | Leaf | Empty _ => found
  | Fixed p _ _ t => decided t (Map.add p tt found)
  | Split p ts => (fix all ts found := match ts with [] => found | t :: ts => all ts (decided t found) end) ts (Map.add p tt found)
  end.

(** ** Atoms that are known *)

(** A row's part in unknown variables, and the values of the others with their weights. *)
Fixpoint split_known (m : Map.t row) (t : trie W) {struct t} : trie W * list (W * row) :=
  match t, m with
  | Branch l v r, FMapPositive.PositiveMap.Node ml a mr =>
      let (l, kl) := split_known ml l in
      let (r, kr) := split_known mr r in
      match a with
      | Some k => (Branch l (number R 0) r, if is_zero R v then kl ++ kr else (v, k) :: kl ++ kr)
      | None => (Branch l v r, kl ++ kr)
      end
  | t, _ => (t, [])
  end.

Definition settle (m : Map.t row) (r : row) : row :=
  let (t, l) := split_known m (linear r) in
  match l with
  | [] => r
  | l => divide R (fold_right (fun k s => plus_row R s (fst k) (snd k)) (Row t (free r) 1) l) (denominator r)
  end.

Lemma split_known_correct val : forall t m (y : positive -> Qc), (forall (p : positive) k, Map.find p m = Some k -> y p = val k) ->
  at_inputs R y t = at_inputs R y (fst (split_known m t)) + fold_right (fun k s => exactly R (fst k) * val (snd k) + s) 0 (snd (split_known m t)).
Proof.
  induction t as [|l IHl v r IHr]; intros m y H; [simpl; ring|].
  destruct m as [|ml a mr]; [simpl; ring|]. cbn [split_known at_inputs].
  rewrite (IHl ml (fun p => y (xO p)) (fun p => H (xO p))), (IHr mr (fun p => y (xI p)) (fun p => H (xI p))).
  destruct (split_known ml l) as [l' kl], (split_known mr r) as [r' kr].
  assert (A : forall u w, fold_right (fun (k : W * row) s => exactly R (fst k) * val (snd k) + s) 0 (u ++ w)
    = fold_right (fun k s => exactly R (fst k) * val (snd k) + s) 0 u + fold_right (fun k s => exactly R (fst k) * val (snd k) + s) 0 w).
  { induction u as [|k u IH]; intros w; simpl; [ring|]. rewrite IH. ring. }
  destruct a as [k|]; cbn [fst snd at_inputs]; [|rewrite A; ring].
  assert (E : y xH = val k) by exact (H xH k eq_refl).
  destruct (is_zero R v) eqn:Z; cbn [fold_right fst snd]; rewrite A, number_exact, E; change (integer 0) with 0; [rewrite (zero_exact R v Z)|]; ring.
Qed.

Lemma coordinate_row c r : coordinate c r = (fst c * exactly R (free r) + at_inputs R (snd c) (linear r)) / natural (denominator r).
Proof.
  unfold Germs.coordinate, at_row.
  assert (Z : forall t, at_inputs R (fun _ => 0) t = 0) by (induction t; simpl; [reflexivity|]; rewrite IHt1, IHt2; ring).
  rewrite Z. field. auto.
Qed.

Definition knows (g : germ) (m : Map.t row) : Prop := forall p k, Map.find p m = Some k -> value_is R g p k.

Lemma settle_correct g m r c : knows g m -> In c g -> coordinate c (settle m r) = coordinate c r.
Proof.
  intros K I. assert (H := split_known_correct (coordinate c) (linear r) m (snd c) (fun p k F => K p k F c I)).
  unfold settle. destruct (split_known m (linear r)) as [t l]. cbn [fst snd] in H.
  destruct l as [|k l]; [reflexivity|]. rewrite coordinate_divide.
  assert (S : forall l, coordinate c (fold_right (fun k s => plus_row R s (fst k) (snd k)) (Row t (free r) 1) l)
    = fst c * exactly R (free r) + at_inputs R (snd c) t + fold_right (fun k s => exactly R (fst k) * coordinate c (snd k) + s) 0 l).
  { clear. induction l as [|k l IH]; cbn [fold_right].
    - rewrite coordinate_row. cbn [free linear denominator]. rewrite natural_one. field. discriminate.
    - rewrite coordinate_plus, IH. ring. }
  rewrite S, (coordinate_row c r), H. field. auto.
Qed.

(** ** Regions without points inside *)

Definition region := Map.t row.

(** Whether a row over the inputs certainly varies. *)
Fixpoint some_entry (t : trie W) : bool :=
  match t with
  | Nothing => false
  | Branch l v r => is_positive R v || is_positive R (negative R v) || some_entry l || some_entry r
  end.

Context (inputs_end : positive) (roomy : bool).

Definition varies (r : row) : bool := some_entry (linear r) && uses R (before inputs_end) (linear r).

(** Σ multiplier · function, and whether one of the functions varies. *)
Fixpoint combination (G : region) (m : multipliers) : option (row * bool) :=
  match m with
  | [] => Some (zero_row R, false)
  | (i, w) :: m =>
      let? r := Map.find i G in
      let? rest := combination G m in
      guard (is_positive R w) (Some (plus_row R (fst rest) w r, snd rest || varies r))
  end.

Definition excluded (G : region) (m : multipliers) : bool :=
  match combination G m with
  | Some (s, some) => no_entry R (linear s) && (is_positive R (negative R (free s)) || is_zero R (free s) && roomy && some)
  | None => false
  end.

(** What is assumed of a moved input: it is a point first and directions then, and, where the domain has room, no
    row over the inputs vanishes there but those that are 0. *)
Definition generic (g : germ) : Prop :=
  match g with [] => False | c :: g => fst c = 1 /\ Forall (fun d => fst d = 0) g end /\
  (roomy = true -> forall r, varies r = true -> ~ vanishes R g r).

Definition holds (g : germ) (G : region) : Prop := forall i r, Map.find i G = Some r -> above g r.

Lemma combination_above g G m s some : generic g -> holds g G -> combination G m = Some (s, some) ->
  above g s /\ (roomy && some = true -> over g s).
Proof.
  intros [_ V] H. revert s some; induction m as [|[i w] m IH]; intros s some E; simpl in E.
  - injection E as <- <-. split; [|rewrite andb_false_r; discriminate]. apply above_nonneg, Forall_forall. intros c _.
    unfold zero_row. destruct c as [h d]. rewrite coordinate_number, number_exact, natural_one.
    replace (h * (integer 0 / 1)) with 0; [apply Qcle_refl|]. change (integer 0) with 0. field. discriminate.
  - split_bind. destruct x0 as [s0 v0]. destruct (IH _ _ H1) as [A O]. cbn [fst snd] in *.
    split; [apply above_plus; [assumption | exact A | exact (H _ _ H0)]|].
    intros F. apply over_plus; [assumption | exact A | exact (H _ _ H0) |].
    destruct roomy; [|discriminate]. destruct v0; [left; exact (O eq_refl)|]. right.
    destruct (above_over _ _ _ (H _ _ H0)) as [|Z]; [assumption|]. destruct (V eq_refl x F Z).
Qed.

Lemma excluded_sound g G m : generic g -> holds g G -> excluded G m = true -> False.
Proof.
  intros V H E. unfold excluded in E. destruct (combination G m) as [[s some]|] eqn:C; [|discriminate].
  destruct (combination_above g G m s some V H C) as [A O]. apply andb_prop in E as [N E].
  assert (Q : forall c, coordinate c s = fst c * exactly R (free s) / natural (denominator s)).
  { intros c. rewrite coordinate_row, (no_entry_correct R _ _ N). f_equal. ring. }
  apply orb_prop in E as [E|E].
  - destruct V as [V _]. destruct g as [|c g]; [contradiction|]. destruct V as [V _].
    apply positive_exact in E. rewrite negative_exact in E.
    assert (P : 0 < - coordinate c s).
    { rewrite Q, V. replace (- (1 * exactly R (free s) / natural (denominator s))) with (- exactly R (free s) * / natural (denominator s)) by (field; auto).
      replace 0 with (0 * / natural (denominator s)) by ring. apply Qcmult_lt_compat_r; [apply inverse_positive, natural_positive | exact E]. }
    assert (L : 0 <= coordinate c s) by (destruct A as [A|[A _]]; [apply Qclt_le_weak, A | rewrite A; apply Qcle_refl]).
    apply (Qclt_not_le _ _ P). apply difference_nonneg. replace (0 - - coordinate c s) with (coordinate c s) by ring. exact L.
  - apply andb_prop in E as [E F]; apply andb_prop in E as [E F']. rewrite F, F' in O.
    apply (over_varies _ _ _ (O eq_refl)). apply Forall_forall. intros c _. rewrite Q, (zero_exact R _ E). field. auto.
Qed.

(** ** The check *)

Context (atoms : atoms_map R) (left right : list row).

Definition constant_row (test : W -> bool) (r : row) : bool := no_entry R (linear r) && test (free r).

(** The functions that are ≥ 0 where a row is the largest, without those that are 0 everywhere. *)
Definition wins (r : row) (others : list row) : list row :=
  filter (fun d => negb (constant_row (is_zero R) d)) (map (fun s => minus_row R r s) others).

Fixpoint grown (G : region) (next : positive) (l : list row) : region * positive :=
  match l with [] => (G, next) | r :: l => grown (Map.add next r G) (Pos.succ next) l end.

(** Whether no row is larger than r anywhere inside of the region. *)
Fixpoint never_larger (G : region) (next : positive) (r : row) (others : list row) (proofs : list multipliers) : bool :=
  match others, proofs with
  | [], [] => true
  | s :: others, m :: proofs =>
      let d := minus_row R s r in
      (if constant_row (fun w => nonneg R (negative R w)) d then true else excluded (Map.add next d G) m)
      && never_larger G next r others proofs
  | _, _ => false
  end.

(** Each of the rows, with those before and after it. *)
Fixpoint choices (before after : list row) : list (row * list row) :=
  match after with [] => [] | r :: after => (r, before ++ after) :: choices (before ++ [r]) after end.

(** An atom's arguments over what is known. *)
Definition settled (m : Map.t row) (l : list row) : list (row * list row) := choices [] (map (settle m) (zero_row R :: l)).

Fixpoint walk (m : Map.t row) (G : region) (next : positive) (t : tree) {struct t} : bool :=
  match t with
  | Leaf => same_rows R (map (settle m) left) (map (settle m) right)
  | Empty proof => excluded G proof
  | Fixed p j others rest =>
      match Map.find p atoms with
      | Some l =>
          match nth_error (settled m l) j with
          | Some (r, rows) => never_larger G next r rows others && walk (Map.add p r m) G next rest
          | None => false
          end
      | None => false
      end
  | Split p branches =>
      match Map.find p atoms with
      | Some l =>
          (fix each (l : list (row * list row)) (branches : list tree) {struct branches} : bool :=
            match l, branches with
            | [], [] => true
            | (r, others) :: l, t :: branches =>
                let (G, next) := grown G next (wins r others) in walk (Map.add p r m) G next t && each l branches
            | _, _ => false
            end) (settled m l) branches
      | None => false
      end
  end.

Context (g : germ).
Hypotheses (V : generic g) (S : resolves R atoms g).

Lemma choices_in r others : forall after before, In (r, others) (choices before after) ->
  In r after /\ forall s, In s (before ++ after) -> s = r \/ In s others.
Proof.
  induction after as [|a after IH]; intros before I; [contradiction|]. destruct I as [I|I].
  - injection I as <- <-. split; [left; reflexivity|]. intros s J. apply in_app_or in J as [J|[->|J]]; auto using in_or_app.
  - destruct (IH _ I) as [J H]. split; [right; exact J|]. intros s K. apply H. rewrite <- app_assoc. exact K.
Qed.

Lemma choices_all r : forall after before, In r after -> exists others, In (r, others) (choices before after).
Proof.
  induction after as [|a after IH]; intros before I; [contradiction|].
  destruct I as [->|I]; [eexists; left; reflexivity|]. destruct (IH (before ++ [a]) I) as (o & J). exists o. right. exact J.
Qed.

Lemma choices_others r others : forall after before, In (r, others) (choices before after) ->
  forall s, In s others -> In s (before ++ after).
Proof.
  induction after as [|a after IH]; intros before I s J; [contradiction|]. destruct I as [I|I].
  - injection I as <- <-. apply in_app_or in J. apply in_or_app. simpl. tauto.
  - specialize (IH _ I s J). rewrite <- app_assoc in IH. exact IH.
Qed.

(** An atom that is not missing is one of its settled arguments, which no other exceeds. *)
Lemma arguments_decided m p l : knows g m -> Map.find p atoms = Some l ->
  exists r others, In (r, others) (settled m l) /\ value_is R g p r /\
    forall s, In s (map (settle m) (zero_row R :: l)) -> above g (minus_row R r s).
Proof.
  intros K F. destruct (S p l F) as (r & I & E & M). unfold settled.
  destruct (choices_all (settle m r) (map (settle m) (zero_row R :: l)) [] (in_map _ _ _ I)) as (o & J).
  exists (settle m r), o. split; [exact J|]. split.
  - intros c Ic. rewrite (settle_correct g) by assumption. apply E, Ic.
  - intros s Is. apply in_map_iff in Is as (s' & <- & Is). apply (above_same R g (minus_row R r s')); [|apply M, Is].
    apply Forall_forall. intros c Ic. rewrite !coordinate_minus, !(settle_correct g) by assumption. reflexivity.
Qed.

Lemma grown_holds l : forall G next, holds g G -> Forall (above g) l -> holds g (fst (grown G next l)).
Proof.
  induction l as [|r l IH]; intros G next H F; simpl; [exact H|]. inversion F; subst. apply IH; [|assumption].
  intros i s E. destruct (Pos.eq_dec i next) as [->|D].
  - rewrite FMapPositive.PositiveMap.gss in E. injection E as <-. assumption.
  - rewrite FMapPositive.PositiveMap.gso in E by exact D. exact (H i s E).
Qed.

Lemma knows_more m p r : knows g m -> value_is R g p r -> knows g (Map.add p r m).
Proof.
  intros K E q k F. destruct (Pos.eq_dec q p) as [->|D].
  - rewrite FMapPositive.PositiveMap.gss in F. injection F as <-. exact E.
  - rewrite FMapPositive.PositiveMap.gso in F by exact D. exact (K q k F).
Qed.

Lemma coordinates_nonneg c : In c g -> 0 <= fst c.
Proof.
  destruct V as [P _]. destruct g as [|d h]; [contradiction|]. destruct P as [P Q]. rewrite Forall_forall in Q.
  intros [->|I]; [rewrite P; discriminate | rewrite (Q c I); apply Qcle_refl].
Qed.

(** A row that is not larger inside of the region, and not smaller here, is equal here. *)
Lemma never_larger_sound G next r : holds g G -> forall others proofs, never_larger G next r others proofs = true ->
  forall s, In s others -> above g (minus_row R s r) -> Forall (fun c => coordinate c s = coordinate c r) g.
Proof.
  intros H. induction others as [|s others IH]; intros [|m proofs] E; try discriminate; [intros s []|].
  simpl in E. apply andb_prop in E as [E F]. intros s' [<-|I] A; [|exact (IH _ F _ I A)].
  destruct (constant_row _ _) eqn:C.
  - apply andb_prop in C as [N C]. apply nonneg_exact in C. rewrite negative_exact in C.
    destruct (above_over R _ _ A) as [O|Z].
    + exfalso. assert (L : forall c, In c g -> coordinate c (minus_row R s r) <= 0).
      { intros c I. rewrite coordinate_row, (no_entry_correct R _ _ N). apply difference_nonneg.
        set (d := minus_row R s r) in *. replace (0 - _) with (fst c * - exactly R (free d) / natural (denominator d)) by (field; auto).
        apply quotient_nonneg, product_nonneg; [apply coordinates_nonneg, I | exact C]. }
      clear - O L. induction g as [|c h IH]; [exact O|]. destruct O as [O|[_ O]].
      * exact (Qclt_not_le _ _ O (L c (or_introl eq_refl))).
      * exact (IH O (fun d I => L d (or_intror I))).
    + eapply Forall_impl; [|exact Z]. simpl. intros c Q. rewrite coordinate_minus in Q.
      replace (coordinate c s) with (coordinate c r + (coordinate c s - coordinate c r)) by ring. rewrite Q. ring.
  - exfalso. apply (excluded_sound g _ _ V) in E; [exact E|].
    intros i t T. destruct (Pos.eq_dec i next) as [->|D].
    + rewrite FMapPositive.PositiveMap.gss in T. injection T as <-. exact A.
    + rewrite FMapPositive.PositiveMap.gso in T by exact D. exact (H i t T).
Qed.

Theorem walk_sound t : forall m G next, knows g m -> holds g G -> walk m G next t = true ->
  Forall2 (fun a b => forall c, In c g -> coordinate c a = coordinate c b) left right.
Proof.
  induction t as [|proof|p j others rest IH|p branches IH] using tree_cases; intros m G next K H E.
  - simpl in E. revert right E. induction left as [|a l IH]; intros [|b r] E; try discriminate; constructor.
    + simpl in E. apply andb_prop in E as [E _]. intros c I.
      rewrite <- (settle_correct g m a c K I), <- (settle_correct g m b c K I). unfold Germs.coordinate.
      rewrite !(same_row_correct R _ _ _ E). reflexivity.
    + simpl in E. apply andb_prop in E as [_ E]. exact (IH _ E).
  - destruct (excluded_sound g G proof V H E).
  - cbn [walk] in E. destruct (Map.find p atoms) as [l|] eqn:F; [|discriminate].
    destruct (nth_error _ j) as [[r rows]|] eqn:N; [|discriminate]. apply andb_prop in E as [L E].
    refine (IH _ _ _ (knows_more m p r K _) H E). apply nth_error_In in N.
    destruct (arguments_decided m p l K F) as (s & o & I & Q & M).
    destruct (choices_in _ _ _ _ N) as [J A]. destruct (choices_in _ _ _ _ I) as [J' _].
    destruct (A s J') as [->|B]; [exact Q|]. intros c Ic. rewrite (Q c Ic).
    assert (Z := never_larger_sound G next r H rows others L s B (M r J)). rewrite Forall_forall in Z. exact (Z c Ic).
  - cbn [walk] in E. destruct (Map.find p atoms) as [l|] eqn:F; [|discriminate].
    destruct (arguments_decided m p l K F) as (r & o & I & Q & M).
    assert (W' : Forall (above g) (wins r o)).
    { apply Forall_forall. intros d D. unfold wins in D. apply filter_In in D as [D _]. apply in_map_iff in D as (s & <- & D).
      apply M. exact (choices_others _ _ _ _ I s D). }
    revert branches IH E. induction (settled m l) as [|[r' o'] l' IHl]; intros branches IH E; [contradiction|].
    destruct branches as [|t branches]; [discriminate|]. inversion IH as [|? ? IHt IHb]; subst.
    assert (GH := grown_holds (wins r' o') G next H). destruct (grown G next (wins r' o')) as [G' next'] eqn:GE.
    apply andb_prop in E as [E E']. destruct I as [I|I]; [|exact (IHl I branches IHb E')].
    injection I as -> ->. exact (IHt _ _ _ (knows_more m p r K Q) (GH W') E).
Qed.
End Cases.
