(** * Theorems about networks, and checkers that prove them

    Each section defines a statement about all inputs, a boolean check that Coq computes, and the theorem that the
    check is sound. Exports instantiate these theorems and compute the checks. *)
From Coq Require Import Bool List ZArith QArith Qcanon Lia.
From Netprove Require Import Network Relate Rows.
Import ListNotations.
Open Scope Z_scope.
Open Scope Qc_scope.

Section Statements.
Context (R : ring).
Notation W := (weight R).
Notation network := (network W).
Notation f_at f xs := (run (number R) (exact R) f xs).

Definition admits (i : shape * domain W) (t : tensor Qc) : Prop :=
  dims t = fst i /\ well_formed t = true /\
  match snd i with None => True | Some d => Forall (fun q => between R q d) (entries t) end.

(** The inputs that a network is for: of its shapes, with entries in its domains. *)
Definition fits (f : network) (xs : list (tensor Qc)) : Prop := Forall2 admits (inputs f) xs.

(** All input entries, one after the other. *)
Definition entries_of {A} (xs : list (tensor A)) : list A := flat_map entries xs.

(** ** Unknown inputs *)

Fixpoint single (p : positive) : trie W :=
  match p with
  | xH => Branch Nothing (number R 1) Nothing
  | xO p => Branch (single p) (number R 0) Nothing
  | xI p => Branch Nothing (number R 0) (single p)
  end.

Definition unknown (p : positive) : row W := Row (single p) (number R 0) 1.

Fixpoint unknowns_from (p : positive) (n : nat) : list (row W) :=
  match n with
  | O => []
  | S n => unknown p :: unknowns_from (Pos.succ p) n
  end.

Fixpoint unknown_inputs (p : positive) (is : list (shape * domain W)) : list (tensor (row W)) :=
  match is with
  | [] => []
  | i :: is => let n := elements (fst i) in
               Tensor (fst i) (unknowns_from p (Z.to_nat n)) :: unknown_inputs (Z.to_pos (Zpos p + n)) is
  end.

Definition unknowns (f : network) : list (tensor (row W)) := unknown_inputs 1 (inputs f).

(** The domain of each input entry. *)
Definition domains (f : network) : list (domain W) :=
  flat_map (fun i => repeat (snd i) (Z.to_nat (elements (fst i)))) (inputs f).

Definition box_of (f : network) : box R :=
  if forallb (fun i => match snd i with None => true | Some _ => false end) (inputs f) then fun _ => None
  else let m := array (domains f) in fun p => match Map.find p m with Some d => d | None => None end.

(** The value of position p. *)
Definition reads (l : list Qc) (p : positive) : Qc := nth (pred (Pos.to_nat p)) l 0.

Lemma at_single x p : at_inputs R x (single p) = x p.
Proof.
  revert x; induction p; intros x; simpl; rewrite ?IHp, number_exact; try change (integer 0) with 0; try change (integer 1) with 1; ring.
Qed.

Lemma at_unknown x p : at_row R x (unknown p) = x p.
Proof. unfold at_row, unknown; simpl. rewrite at_single, number_exact, natural_one. change (integer 0) with 0. field. discriminate. Qed.

Lemma unknowns_from_stand post : forall l pre (start : positive), pred (Pos.to_nat start) = length pre ->
  Forall2 (stands R (reads (pre ++ l ++ post))) (unknowns_from start (length l)) l.
Proof.
  induction l as [|q l IH]; intros pre start H; simpl; constructor.
  - unfold stands. rewrite at_unknown. unfold reads. rewrite H, app_nth2, Nat.sub_diag by lia. reflexivity.
  - replace (pre ++ q :: l ++ post) with ((pre ++ [q]) ++ l ++ post) by (rewrite <- app_assoc; reflexivity).
    apply IH. rewrite app_length; simpl. lia.
Qed.

Lemma well_formed_length {A} (t : tensor A) : well_formed t = true -> Z.to_nat (elements (dims t)) = length (entries t).
Proof. intros F. apply andb_prop in F as [_ F]. apply Z.eqb_eq in F. rewrite <- F. apply Nat2Z.id. Qed.

Lemma unknown_inputs_stand : forall is xs pre (start : positive),
  Forall2 admits is xs -> pred (Pos.to_nat start) = length pre ->
  Forall2 (related (stands R (reads (pre ++ entries_of xs)))) (unknown_inputs start is) xs.
Proof.
  induction is as [|i is IH]; intros xs pre start H E; inversion H as [|? t ? ts Ht Hts]; subst; simpl; constructor.
  - destruct Ht as (D & F & _). split; [symmetry; exact D|]. simpl.
    rewrite <- D, (well_formed_length t F). apply unknowns_from_stand. exact E.
  - rewrite app_assoc. apply IH; [exact Hts|]. rewrite app_length, <- E. destruct Ht as (D & F & _).
    rewrite <- D, <- (well_formed_length t F).
    assert (P : (0 <= elements (dims t))%Z) by (apply andb_prop in F as [_ F]; apply Z.eqb_eq in F; lia).
    destruct (elements (dims t)) as [|n|n]; simpl; lia.
Qed.

Lemma unknowns_stand f xs : fits f xs -> Forall2 (related (stands R (reads (entries_of xs)))) (unknowns f) xs.
Proof. intros H. apply (unknown_inputs_stand _ _ [] 1 H). reflexivity. Qed.

Lemma domains_hold f xs : fits f xs ->
  Forall2 (fun d q => match d with None => True | Some d => between R q d end) (domains f) (entries_of xs).
Proof.
  unfold fits, domains. induction 1 as [|[s d] t is ts (D & F & B) H IH]; simpl in *; [constructor|].
  apply Forall2_app; [|exact IH]. rewrite <- D, (well_formed_length t F). clear - B.
  induction (entries t); simpl; constructor; destruct d; try exact I; inversion B; auto.
Qed.

Lemma find_array {A} (l : list A) p : Map.find p (array l) = nth_error l (pred (Pos.to_nat p)).
Proof.
  unfold array. assert (H : forall (l : list A) start p, (start <= p)%positive ->
    Map.find p (array_from start l) = nth_error l (Pos.to_nat p - Pos.to_nat start)).
  { clear. induction l as [|a l IH]; intros start p L; simpl.
    - rewrite FMapPositive.PositiveMap.gempty. destruct (Pos.to_nat p - Pos.to_nat start)%nat; reflexivity.
    - destruct (Pos.eq_dec p start) as [->|D].
      + rewrite FMapPositive.PositiveMap.gss, Nat.sub_diag. reflexivity.
      + rewrite FMapPositive.PositiveMap.gso by exact D. rewrite IH by lia.
        replace (Pos.to_nat p - Pos.to_nat start)%nat with (S (Pos.to_nat p - Pos.to_nat (Pos.succ start))) by lia.
        reflexivity. }
  rewrite H by lia. f_equal. lia.
Qed.

Lemma box_holds f xs : fits f xs -> within R (box_of f) (reads (entries_of xs)).
Proof.
  intros H p i. unfold box_of. destruct (forallb _ _); [discriminate|]. rewrite find_array. intros E.
  destruct (nth_error (domains f) _) as [d|] eqn:N; [|discriminate]. subst d.
  destruct (nth_error_related _ _ _ _ (domains_hold f xs H) _ N) as (q & Q & B).
  unfold reads. rewrite (nth_error_nth _ _ 0 Q). exact B.
Qed.

(** The network's value as rows, where every maximum on the way is decided by the domains. *)
Definition run_rows (f : network) : option (tensor (row W)) := run (number R) (rows R (box_of f)) f (unknowns f).

Lemma run_rows_sound f xs : fits f xs -> implies (related (stands R (reads (entries_of xs)))) (run_rows f) (f_at f xs).
Proof. intros H. apply run_related; [apply rows_sound, box_holds, H | apply unknowns_stand, H]. Qed.

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

Definition same_row (a b : row W) : bool :=
  let d := minus_row R a b in no_entry R (linear d) && is_zero R (free d).

Fixpoint same_rows (l m : list (row W)) : bool :=
  match l, m with
  | [], [] => true
  | a :: l, b :: m => same_row a b && same_rows l m
  | _, _ => false
  end.

Lemma same_row_correct x a b : same_row a b = true -> at_row R x a = at_row R x b.
Proof.
  unfold same_row. intros H. apply andb_prop in H as [H1 H2].
  assert (E := minus_row_correct R x a b). unfold at_row in E at 1.
  rewrite (no_entry_correct R x _ H1), (zero_exact R _ H2) in E.
  replace (at_row R x a) with (at_row R x b + (at_row R x a - at_row R x b)) by ring. rewrite <- E. field. auto.
Qed.

Lemma same_rows_correct x : forall l m u v, same_rows l m = true ->
  Forall2 (stands R x) l u -> Forall2 (stands R x) m v -> u = v.
Proof.
  induction l as [|a l IH]; intros [|b m] u v H U V; try discriminate; inversion U; inversion V; subst; [reflexivity|].
  simpl in H. apply andb_prop in H as [E F]. f_equal; [|eapply IH; eassumption].
  unfold stands in *. subst. apply same_row_correct, E.
Qed.

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

Definition check_affine (f : network) (s : shape) (m : matrix) : bool :=
  match run_rows f, apply (rows R (box_of f)) m (entries_of (unknowns f)) with
  | Some t, Some y => same (dims t) s && same_rows (entries t) y
  | _, _ => false
  end.

Lemma entries_related {A B} (rel : A -> B -> Prop) xs ys : Forall2 (related rel) xs ys -> Forall2 rel (entries_of xs) (entries_of ys).
Proof. induction 1 as [|? ? ? ? [_ H] _ IH]; simpl; [constructor|]. apply Forall2_app; assumption. Qed.

Lemma same_true s t : same s t = true -> s = t.
Proof. unfold same. destruct (list_eq_dec _ _ _); [auto|discriminate]. Qed.

Theorem affine_sound f s m : check_affine f s m = true -> equals_affine f s m.
Proof.
  unfold check_affine. intros H xs F. destruct (run_rows f) as [t|] eqn:T; [|discriminate].
  destruct (apply _ _ _) as [y|] eqn:Y; [|discriminate]. apply andb_prop in H as [S E]. apply same_true in S.
  destruct (run_rows_sound f xs F _ T) as ([s' u] & -> & D & U). simpl in *.
  destruct (apply_related _ _ _ m _ _ (rows_sound R _ _ (box_holds f xs F)) (entries_related _ _ _ (unknowns_stand f xs F)) _ Y)
    as (v & -> & V).
  exists u. split; [congruence|]. f_equal. symmetry. eapply same_rows_correct; eassumption.
Qed.

(** ** f = g *)

Definition equal (f g : network) : Prop := forall xs, fits f xs -> exists y, f_at f xs = Some y /\ f_at g xs = Some y.

Definition check_equal (f g : network) : bool :=
  match run_rows f, run (number R) (rows R (box_of f)) g (unknowns f) with
  | Some t, Some u => same (dims t) (dims u) && same_rows (entries t) (entries u)
  | _, _ => false
  end.

Theorem equal_sound f g : check_equal f g = true -> equal f g.
Proof.
  unfold check_equal. intros H xs F. destruct (run_rows f) as [t|] eqn:T; [|discriminate].
  destruct (run _ _ g _) as [u|] eqn:U; [|discriminate]. apply andb_prop in H as [S E]. apply same_true in S.
  destruct (run_rows_sound f xs F _ T) as ([s' y] & -> & D & Y).
  destruct (run_related _ _ _ (rows_sound R _ _ (box_holds f xs F)) (number R) g _ _ (unknowns_stand f xs F) _ U) as ([s'' z] & -> & D' & Z).
  simpl in *. eexists; split; [reflexivity|]. f_equal. f_equal; [congruence|].
  symmetry. eapply same_rows_correct; eassumption.
Qed.
End Statements.
