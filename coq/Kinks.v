(** * Rows with kinks

    An atom is a variable that is the maximum of 0 and affine rows over earlier variables. On rows over inputs and
    atoms, maxima can be taken: the larger of two rows is one of them where the bounds decide it, and else it may be
    row + factor · atom. Which atom, and which factor, is found by a search that nobody has to trust: it brings
    maxima to a normal form, in which relu(u) and relu(-u) = relu(u) - u share an atom, and so do maxima that are
    equal up to a positive factor, or have an argument twice, or are nested. What it finds is then checked: no
    argument of the one maximum exceeds all arguments of the other ([covers]). *)
From Coq Require Import Bool List ZArith QArith Qcanon Lia.
From Netprove Require Import Network Relate Rows.
Import ListNotations.
Open Scope Z_scope.
Open Scope Qc_scope.

Section Kinks.
Context (R : ring).
Notation W := (weight R).
Notation row := (row W).
Notation at_row := (at_row R).

(** ** The greatest of finitely many rows *)

Definition greatest (x : positive -> Qc) (l : list row) (v : Qc) : Prop :=
  Forall (fun r => at_row x r <= v) l /\ Exists (fun r => at_row x r = v) l.

Lemma greatest_one x r : greatest x [r] (at_row x r).
Proof. split; [constructor; [apply Qcle_refl | constructor] | left; reflexivity]. Qed.

Lemma greatest_app x l m u v : greatest x l u -> greatest x m v -> greatest x (l ++ m) (larger u v).
Proof.
  intros [A B] [C D].
  assert (U : u <= larger u v /\ v <= larger u v).
  { unfold larger. destruct (Qclt_le_dec u v); split; try apply Qcle_refl; [apply Qclt_le_weak; assumption | assumption]. }
  split.
  - apply Forall_app; split; eapply Forall_impl; try eassumption; simpl; intros r H; eapply Qcle_trans; try exact H; apply U.
  - unfold larger in *. apply Exists_app. destruct (Qclt_le_dec u v); auto.
Qed.

(** Shifting and stretching rows by a positive number does the same to the greatest. *)
Lemma greatest_affine x shift w d l v : is_positive R w = true -> greatest x l v ->
  greatest x (map (fun r => plus_row R shift w (divide R r d)) l) (at_row x shift + exactly R w * (v / natural d)).
Proof.
  intros P [A B]. apply positive_exact in P. split.
  - apply Forall_map. eapply Forall_impl; [|exact A]. simpl. intros r H.
    rewrite plus_row_correct, divide_correct. apply Qcplus_le_compat; [apply Qcle_refl|]. apply difference_nonneg.
    replace (exactly R w * (v / natural d) - _) with (exactly R w * ((v - at_row x r) / natural d)) by (field; auto).
    apply product_nonneg; [apply Qclt_le_weak, P|]. apply quotient_nonneg, difference_nonneg, H.
  - apply Exists_exists in B as (r & I & <-). apply Exists_exists. eexists; split; [apply in_map, I|].
    rewrite plus_row_correct, divide_correct. reflexivity.
Qed.

(** ** Atoms *)

(** The rows after 0, and a bound from above, if one is claimed. *)
Record atom := Atom { arguments : list row; most : side R }.
Definition table := list atom.

(** An atom as it is listed: arguments (constant, [(position, weight); …]) over one denominator. *)
Definition listed (d : positive) (l : list (W * list (Z * W))) (most : side R) : atom :=
  Atom (map (fun a => row_sum R (fst a) (map (fun t => (snd t, variable R (Z.to_pos (fst t + 1)))) (snd a)) d) l) most.

Definition zero_row : row := number_row R (number R 0) 1.

(** The arguments of variables that are atoms; and what their values are. *)
Definition atoms_map := Map.t (list row).
Definition solves (m : atoms_map) (x : positive -> Qc) : Prop :=
  forall p l, Map.find p m = Some l -> greatest x (zero_row :: l) (x p).

(** ** Covering: arguments that may be left out *)

(** The size of the first weight that is not 0. *)
Fixpoint lead_of (t : trie W) : option W :=
  match t with
  | Nothing => None
  | Branch l v r => if is_zero R v then match lead_of l with Some w => Some w | None => lead_of r end else Some v
  end.
Definition lead (r : row) : Z := size R (match lead_of (linear r) with Some w => w | None => free r end).

Definition times_row (w : W) (r : row) : row := row_sum R (number R 0) [(w, r)] 1.

Lemma times_row_correct x w r : at_row x (times_row w r) = exactly R w * at_row x r.
Proof. unfold times_row. rewrite row_sum_correct, number_exact, natural_one. simpl. change (integer 0) with 0. field. discriminate. Qed.

(** Whether some positive multiples of the rows add up to 0: then one of them is nowhere positive where the other
    is nowhere negative. *)
Definition opposite (d e : row) : bool :=
  let u := Z.abs (lead e * Zpos (denominator d)) in let v := Z.abs (lead d * Zpos (denominator e)) in
  (lead d * lead e <? 0)%Z && (0 <? u)%Z && (0 <? v)%Z &&
  same_row R (times_row (number R u) d) (times_row (number R (- v)) e).

Lemma opposite_correct x d e : opposite d e = true -> 0 < at_row x d -> at_row x e < 0.
Proof.
  unfold opposite. intros H D. repeat (apply andb_prop in H as [H ?]).
  set (u := Z.abs (lead e * _)) in *. set (v := Z.abs (lead d * _)) in *.
  apply Z.ltb_lt in H1, H2. apply (same_row_correct R x) in H0. rewrite !times_row_correct, !number_exact in H0.
  apply integer_positive in H1, H2. destruct (Qclt_le_dec (at_row x e) 0) as [|L]; [assumption|exfalso].
  assert (E : integer (- v) = - integer v).
  { replace (- v)%Z with (-1 * v)%Z by ring. rewrite integer_mul, integer_minus_one. ring. }
  rewrite E in H0.
  assert (P : 0 < integer u * at_row x d) by (replace 0 with (0 * at_row x d) by ring; apply Qcmult_lt_compat_r; assumption).
  rewrite H0 in P. apply (Qclt_not_le _ _ P). apply difference_nonneg.
  replace (0 - - integer v * at_row x e) with (integer v * at_row x e) by ring.
  apply product_nonneg; [apply Qclt_le_weak|]; assumption.
Qed.

Context (b : box R) (known : atoms_map).

(** Whether a row is nowhere above all rows of a list: below one of them, or on the segment between two. *)
Definition covered (l : list row) (a : row) : bool :=
  existsb (fun c => row_nonneg R b (minus_row R c a)) l ||
  let ds := map (fun c => minus_row R a c) l in existsb (fun d => existsb (opposite d) ds) ds.

Definition covers (l m : list row) : bool := forallb (covered l) m.

Lemma covered_correct x l v a : within R b x -> covered l a = true -> Forall (fun r => at_row x r <= v) l -> at_row x a <= v.
Proof.
  unfold covered. intros B H F. rewrite Forall_forall in F. apply orb_prop in H as [H|H]; apply existsb_exists in H as (c & I & H).
  - eapply Qcle_trans; [|apply F, I]. apply difference_nonneg. rewrite <- minus_row_correct. apply (row_nonneg_correct R b); assumption.
  - apply in_map_iff in I as (c' & <- & I). apply existsb_exists in H as (e & J & H).
    apply in_map_iff in J as (e' & <- & J).
    destruct (Qclt_le_dec v (at_row x a)) as [L|L]; [exfalso|exact L].
    assert (P : forall r, In r l -> 0 < at_row x (minus_row R a r)).
    { intros r Hr. rewrite minus_row_correct. apply -> Qclt_minus_iff. eapply Qcle_lt_trans; [apply F, Hr | exact L]. }
    apply (opposite_correct x) in H; [|apply P, I]. exact (Qclt_not_le _ _ (P _ J) (Qclt_le_weak _ _ H)).
Qed.

Lemma covers_greatest x l m u v : within R b x -> covers l m = true -> greatest x l u -> greatest x m v -> v <= u.
Proof.
  intros B C [L _] [_ M]. apply Exists_exists in M as (r & I & <-).
  unfold covers in C. rewrite forallb_forall in C. exact (covered_correct x l u r B (C r I) L).
Qed.

(** ** Maxima of maxima *)

(** The atoms that occur in a row, which branches as the map of atoms does. *)
Fixpoint occurring {A} (m : Map.t A) (t : trie W) (place : positive -> positive) : list (positive * A * W) :=
  match m, t with
  | FMapPositive.PositiveMap.Node ml a mr, Branch l v r =>
      match a with Some a => if is_zero R v then [] else [(place xH, a, v)] | None => [] end
      ++ occurring ml l (fun p => place (xO p)) ++ occurring mr r (fun p => place (xI p))
  | _, _ => []
  end.

(** base + factor · max{0, l, …} is max{base, base + factor · l, …}, if the factor is positive. *)
Definition opened (r : row) (a : option (positive * W)) : list row :=
  match a with
  | Some (p, w) =>
      match Map.find p known with
      | Some l =>
          if is_positive R w then
            let base := plus_row R r (negative R w) (divide R (variable R p) (denominator r)) in
            map (fun a => plus_row R base w (divide R a (denominator r))) (zero_row :: l)
          else [r]
      | None => [r]
      end
  | None => [r]
  end.

(** The atom of a row, if it has only one; and the latest that it has. *)
Definition only (r : row) : option (positive * W) :=
  match occurring known (linear r) (fun p => p) with [(p, _, w)] => Some (p, w) | _ => None end.
Definition latest (r : row) : option (positive * W) :=
  fold_left (fun found a => let '(p, _, w) := a in
    match found with Some (q, _) => if Pos.ltb q p then Some (p, w) else found | None => Some (p, w) end)
    (occurring known (linear r) (fun p => p)) None.

Fixpoint unfolded (fuel : nat) (r : row) : list row :=
  match fuel with
  | O => [r]
  | S fuel => match opened r (only r) with [_] => [r] | l => flat_map (unfolded fuel) l end
  end.

Lemma greatest_flat_map x f l v : (forall r, greatest x (f r) (at_row x r)) -> greatest x l v -> greatest x (flat_map f l) v.
Proof.
  intros H [A B]. rewrite Forall_forall in A. split.
  - apply Forall_forall. intros r I. apply in_flat_map in I as (s & I & J). destruct (H s) as [C _].
    rewrite Forall_forall in C. eapply Qcle_trans; [apply C, J | apply A, I].
  - apply Exists_exists in B as (s & I & <-). destruct (H s) as [_ D]. apply Exists_exists in D as (r & J & E).
    apply Exists_exists. exists r. split; [apply in_flat_map; eauto | exact E].
Qed.

Lemma opened_greatest x r a : solves known x -> greatest x (opened r a) (at_row x r).
Proof.
  intros S. unfold opened. destruct a as [[p w]|]; [|apply greatest_one].
  destruct (Map.find p known) as [l|] eqn:F; [|apply greatest_one].
  destruct (is_positive R w) eqn:P; [|apply greatest_one].
  set (base := plus_row R r _ _).
  assert (E : at_row x r = at_row x base + exactly R w * (x p / natural (denominator r))).
  { unfold base. rewrite plus_row_correct, divide_correct, negative_exact, variable_correct. ring. }
  rewrite E. apply greatest_affine, S; assumption.
Qed.

Lemma unfolded_greatest x fuel : solves known x -> forall r, greatest x (unfolded fuel r) (at_row x r).
Proof.
  intros S. induction fuel as [|fuel IH]; intros r; cbn [unfolded]; [apply greatest_one|].
  pose proof (opened_greatest x r (only r) S) as G.
  destruct (opened r (only r)) as [|a [|c l]]; [|apply greatest_one|]; exact (greatest_flat_map x (unfolded fuel) _ _ IH G).
Qed.

(** ** The search *)

Fixpoint insert (a : row) (l : list row) : list row :=
  match l with
  | [] => [a]
  | c :: l' => if (0 <=? lead (minus_row R c a))%Z then a :: l else c :: insert a l'
  end.

(** Without the rows that others cover. *)
Fixpoint needed (before after : list row) : list row :=
  match after with
  | [] => before
  | a :: after => if covered (before ++ after) a then needed before after else needed (a :: before) after
  end.

Definition unfolds (r : row) : bool := match unfolded 1 r with [_] => false | _ => true end.

(** base + max l as base + max{0, d, …}, where d, … ascend; again if an argument unfolds now. *)
Fixpoint reduced (fuel : nat) (base : row) (l : list row) : row * list row :=
  match fold_right insert [] (needed [] (flat_map (unfolded 4) l)) with
  | [] => (base, [])
  | first :: rest =>
      let base := plus_row R base (number R 1) first in
      let ds := map (fun a => minus_row R a first) rest in
      match fuel with
      | S fuel => if existsb unfolds ds then reduced fuel base (zero_row :: ds) else (base, ds)
      | O => (base, ds)
      end
  end.

(** base + (factor / den) · max{0, d, …}, where the leading weight of the first d is 1. *)
Record normal := Normal { base : row; factor : Z; den : positive; differences : list row }.

Definition normalize (l : list row) : normal :=
  let (base, ds) := reduced 4 zero_row l in
  let '(n, d) := match ds with d :: _ => (lead d, denominator d) | [] => (1%Z, 1%positive) end in
  Normal base n d (map (fun a => divide R (times_row (number R (Zpos d)) a) (Z.to_pos n)) ds).

(** Whether m·s = n·t, which stops at the first weights that differ. *)
Fixpoint agree (m n : W) (s t : trie W) : bool :=
  match s, t with
  | Nothing, t => no_entry R t
  | s, Nothing => no_entry R s
  | Branch l u r, Branch l' v r' =>
      if is_zero R (add R (mul R m u) (negative R (mul R n v)))
      then if agree m n l l' then agree m n r r' else false else false
  end.

Definition agree_rows (a c : row) : bool :=
  let m := number R (Zpos (denominator c)) in let n := number R (Zpos (denominator a)) in
  if is_zero R (add R (mul R m (free a)) (negative R (mul R n (free c)))) then agree m n (linear a) (linear c) else false.

Fixpoint agree_all (l m : list row) : bool :=
  match l, m with
  | [], [] => true
  | a :: l, c :: m => if agree_rows a c then agree_all l m else false
  | _, _ => false
  end.

(** The normal forms of the atoms. *)
Definition keys := list (positive * normal).

Definition all_keys : keys := map (fun a => (fst a, normalize (zero_row :: snd a))) (Map.elements known).

Context (names : keys).

(** What is left of maxima after a row is taken out, with maxima among the arguments unfolded before and after. *)
Definition without (r : row) (l : list row) : list row :=
  flat_map (unfolded 4) (map (fun a => minus_row R a r) (flat_map (unfolded 4) l)).

Lemma without_greatest x r l v : solves known x -> greatest x l v -> greatest x (without r l) (v - at_row x r).
Proof.
  intros S G. apply (greatest_flat_map x (unfolded 4) _ _ (unfolded_greatest x 4 S)).
  apply (greatest_flat_map x (unfolded 4) _ _ (unfolded_greatest x 4 S)) in G as [A B]. split.
  - apply Forall_map. eapply Forall_impl; [|exact A]. simpl. intros a H. rewrite minus_row_correct.
    apply Qcplus_le_compat; [exact H | apply Qcle_refl].
  - apply Exists_exists in B as (a & I & <-). apply Exists_exists. eexists; split; [apply in_map, I | apply minus_row_correct].
Qed.

(** The check of what the search finds: that two lists have the same maximum. *)
Definition same_maximum (r : row) (l m : list row) : bool := covers (without r l) (without r m) && covers (without r m) (without r l).

Lemma same_maximum_correct x r l m u v : within R b x -> solves known x -> same_maximum r l m = true ->
  greatest x l u -> greatest x m v -> u = v.
Proof.
  intros B S C L M. apply andb_prop in C as [C D].
  apply (without_greatest x r) in L; [|exact S]. apply (without_greatest x r) in M; [|exact S].
  assert (E : u - at_row x r = v - at_row x r) by (apply Qcle_antisym; [exact (covers_greatest x _ _ _ _ B D M L) | exact (covers_greatest x _ _ _ _ B C L M)]).
  replace u with (u - at_row x r + at_row x r) by ring. rewrite E. ring.
Qed.

(** The greatest of some rows, as shift + factor · atom. *)
Definition kink (l : list row) : option row :=
  let n := normalize l in
  match differences n with
  | [] => guard (same_maximum (base n) l [base n]) (Some (base n))
  | ds =>
      let? found := find (fun k => agree_all ds (differences (snd k))) names in
      let '(p, k) := found in
      let? args := Map.find p known in
      let w := number R (factor n * Zpos (den k)) in
      let d := (den n * Z.to_pos (factor k))%positive in
      let shift := plus_row R (base n) (negative R w) (divide R (base k) d) in
      let m := map (fun r => plus_row R shift w (divide R r d)) (zero_row :: args) in
      guard (is_positive R w && same_maximum (base n) l m) (Some (plus_row R shift w (divide R (variable R p) d)))
  end.

Theorem kink_correct x l v r : within R b x -> solves known x -> greatest x l v -> kink l = Some r -> at_row x r = v.
Proof.
  intros B S G H. unfold kink in H. set (n := normalize l) in *.
  symmetry. destruct (differences n) as [|d ds].
  - split_bind. exact (same_maximum_correct x _ _ _ _ _ B S H G (greatest_one x (base n))).
  - split_bind. destruct x0 as [p k]. split_bind.
    match goal with C : _ && _ = true |- _ => apply andb_prop in C as [P C]; refine (same_maximum_correct x _ _ _ _ _ B S C G _) end.
    rewrite plus_row_correct, divide_correct, variable_correct. apply greatest_affine; [assumption | apply S; assumption].
Qed.

(** ** Evaluation *)

(** Whether the first of two rows is the larger one, if the bounds show it. *)
Definition first_larger (a c : row) : option bool :=
  if row_nonneg R b (minus_row R a c) then Some true else if row_nonneg R b (minus_row R c a) then Some false else None.

Definition row_max (a c : row) : option row :=
  match first_larger a c with
  | Some first => Some (if first then a else c)
  | None => match kink [a; c] with Some r => Some r | None => kink (opened a (latest a) ++ opened c (latest c)) end
  end.

Definition opposed (r : row) : row := times_row (number R (-1)) r.

Definition is_constant (r : row) : bool := no_entry R (linear r).

Definition row_times (a c : row) : option row :=
  if is_constant a then Some (row_sum R (number R 0) [(free a, c)] (denominator a))
  else if is_constant c then Some (row_sum R (number R 0) [(free c, a)] (denominator c))
  else None.

(** min(a, c) = a + c - max(a, c), where a maximum is below; or -max(-a, -c), where a minimum is. *)
Definition row_min (a c : row) : option row :=
  match row_max a c with
  | Some r => Some (minus_row R (plus_row R a (number R 1) c) r)
  | None => let? r := row_max (opposed a) (opposed c) in Some (opposed r)
  end.

Definition rows : numbers W row := {| sum := row_sum R; max := row_max; min := row_min; times := row_times |}.

Lemma row_max_correct x a c r : within R b x -> solves known x -> row_max a c = Some r -> at_row x r = larger (at_row x a) (at_row x c).
Proof.
  unfold row_max, first_larger. intros B S H.
  destruct (row_nonneg R b (minus_row R a c)) eqn:E; [|destruct (row_nonneg R b (minus_row R c a)) eqn:E'].
  - injection H as <-. symmetry. apply larger_left, difference_nonneg. rewrite <- minus_row_correct. apply (row_nonneg_correct R b); assumption.
  - injection H as <-. symmetry. apply larger_right, difference_nonneg. rewrite <- minus_row_correct. apply (row_nonneg_correct R b); assumption.
  - destruct (kink [a; c]) as [s|] eqn:K.
    + injection H as <-. exact (kink_correct x _ _ _ B S (greatest_app x [a] [c] _ _ (greatest_one x a) (greatest_one x c)) K).
    + exact (kink_correct x _ _ _ B S (greatest_app x _ _ _ _ (opened_greatest x a _ S) (opened_greatest x c _ S)) H).
Qed.

Lemma smaller_larger u v : smaller u v = - larger (- u) (- v).
Proof.
  unfold smaller, larger. destruct (Qclt_le_dec u v) as [L|L]; destruct (Qclt_le_dec (- u) (- v)) as [M|M]; try ring.
  - exfalso. apply (Qclt_not_le _ _ L). rewrite <- (Qcopp_involutive u), <- (Qcopp_involutive v). apply Qcopp_le_compat, Qclt_le_weak, M.
  - rewrite Qcopp_involutive. apply Qcle_antisym; [exact L|]. rewrite <- (Qcopp_involutive u), <- (Qcopp_involutive v).
    apply Qcopp_le_compat, M.
Qed.

Lemma smaller_sum u v : smaller u v = u + v - larger u v.
Proof.
  unfold smaller, larger. destruct (Qclt_le_dec u v) as [L|L]; ring.
Qed.

Lemma opposed_correct x r : at_row x (opposed r) = - at_row x r.
Proof. unfold opposed. rewrite times_row_correct, number_exact, integer_minus_one. ring. Qed.

Lemma row_min_correct x a c r : within R b x -> solves known x -> row_min a c = Some r -> at_row x r = smaller (at_row x a) (at_row x c).
Proof.
  unfold row_min. intros B S H. destruct (row_max a c) as [s|] eqn:E.
  - injection H as <-. rewrite minus_row_correct, plus_row_correct, number_exact, (row_max_correct x _ _ _ B S E), smaller_sum.
    change (integer 1) with 1. ring.
  - split_bind. rewrite opposed_correct, (row_max_correct x _ _ _ B S H), !opposed_correct. symmetry. apply smaller_larger.
Qed.

Theorem rows_sound x : within R b x -> solves known x -> keeps (stands R x) rows (exact R).
Proof.
  intros B S. split; unfold implies, stands; simpl.
  - intros c s t d H. rewrite row_sum_correct. f_equal. f_equal.
    induction H as [|s t ss ts [E V] H IH]; simpl; [reflexivity|]. rewrite IH, E, V. reflexivity.
  - intros a q c q' <- <- r E. eexists; split; [reflexivity|]. apply row_max_correct; assumption.
  - intros a q c q' <- <- r E. eexists; split; [reflexivity|]. apply row_min_correct; assumption.
  - intros a q c q' <- <- r E. eexists; split; [reflexivity|]. unfold row_times in E.
    assert (C : forall s, is_constant s = true -> at_row x s = exactly R (free s) / natural (denominator s)).
    { intros s Hs. unfold Rows.at_row. rewrite (no_entry_correct R x (linear s) Hs). f_equal. ring. }
    destruct (is_constant a) eqn:Ea; [|destruct (is_constant c) eqn:Ec; [|discriminate]]; injection E as <-;
      rewrite row_sum_correct, number_exact; simpl; [rewrite (C a Ea) | rewrite (C c Ec)];
      change (integer 0) with 0; field; auto.
Qed.
End Kinks.
