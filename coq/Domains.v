(** * Domains: bounds, the functions that are ≥ 0, and how to move a point inside *)
From Coq Require Import Bool List ZArith QArith Qcanon Lia.
From Netprove Require Import Network Relate Rows Kinks Germs Cases.
Import ListNotations.
Open Scope Z_scope.
Open Scope Qc_scope.

Section Domains.
Context (R : ring).
Notation W := (weight R).
Notation row := (row W).
Notation coordinate := (coordinate R).

Definition in_domain (d : domain W) (q : Qc) : Prop :=
  match d with
  | None => True
  | Some (low, high, den) => exactly R low / natural den <= q /\ q <= exactly R high / natural den
  end.

(** The domain of each input entry, and the variable of each. *)
Context (ds : list (domain W)).
Definition position (k : nat) : positive := Pos.of_succ_nat k.
Definition inputs_end : positive := position (length ds).
Definition obeys (x : positive -> Qc) : Prop := forall k d, nth_error ds k = Some d -> in_domain d (x (position k)).

Lemma position_pred p : position (pred (Pos.to_nat p)) = p.
Proof. unfold position. lia. Qed.

(** ** Bounds *)

Definition sides (d : domain W) : side R * side R :=
  match d with Some (low, high, den) => (Some (low, den), Some (high, den)) | None => (None, None) end.

Definition box_of : box R :=
  if forallb (fun d => match d with None => true | Some _ => false end) ds then Map.empty _ else array (map sides ds).

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

Lemma box_holds x : obeys x -> within R box_of x.
Proof.
  intros H p i. unfold box_of. destruct (forallb _ _); [rewrite FMapPositive.PositiveMap.gempty; discriminate|].
  rewrite find_array, nth_error_map. intros E. destruct (nth_error ds _) as [d|] eqn:N; [|discriminate]. injection E as <-.
  apply H in N. rewrite position_pred in N. destruct d as [[[low high] den]|]; split; simpl; intros f F; try discriminate;
    injection F as <-; apply N.
Qed.

(** ** Functions that are ≥ 0 *)

Fixpoint rows_from (k : nat) (ds : list (domain W)) : list row :=
  match ds with
  | [] => []
  | Some (low, high, den) :: ds =>
      minus_row R (variable R (position k)) (number_row R low den) :: minus_row R (number_row R high den) (variable R (position k))
      :: rows_from (S k) ds
  | None :: ds => rows_from (S k) ds
  end.
Definition domain_rows : list row := rows_from 0 ds.

(** Whether every interval has points inside. *)
Definition roomy : bool :=
  forallb (fun d => match d with None => true | Some (low, high, _) => is_positive R (add R high (negative R low)) end) ds.

(** ** The moved point *)

Section Moved.
Context (x : positive -> Qc) (H : obeys x).

(** Away from the upper end. *)
Definition direction (p : positive) : Qc :=
  match nth_error ds (pred (Pos.to_nat p)) with
  | Some (Some (low, high, den)) => if Qclt_le_dec (x p) (exactly R high / natural den) then 1 else - (1)
  | _ => 1
  end.

Definition along (k : nat) (p : positive) : Qc := if Pos.eqb p (position k) then direction p else 0.
Definition axes : germ := map (fun k => (0, along k)) (seq 0 (length ds)).
Definition moved : germ := (1, x) :: if roomy then axes else [].

Lemma direction_nonzero p : direction p <> 0.
Proof. unfold direction. destruct (nth_error _ _) as [[[[low high] den]|]|]; try destruct (Qclt_le_dec _ _); discriminate. Qed.

Fixpoint entry_at (t : trie W) (p : positive) : Qc :=
  match t, p with
  | Nothing, _ => 0
  | Branch _ v _, xH => exactly R v
  | Branch l _ _, xO p => entry_at l p
  | Branch _ _ r, xI p => entry_at r p
  end.

Lemma at_nowhere t : forall y, (forall p, y p = 0) -> at_inputs R y t = 0.
Proof.
  induction t as [|l IHl v r IHr]; intros y Z; simpl; [reflexivity|].
  rewrite (IHl (fun p => y (xO p)) (fun p => Z (xO p))), (IHr (fun p => y (xI p)) (fun p => Z (xI p))), (Z xH). ring.
Qed.

Lemma at_one t : forall p y, (forall q, q <> p -> y q = 0) -> at_inputs R y t = entry_at t p * y p.
Proof.
  induction t as [|l IHl v r IHr]; intros p y Z; simpl; [destruct p; ring|]. destruct p as [p|p|].
  - rewrite (IHr p (fun q => y (xI q))) by (intros q D; apply Z; congruence).
    rewrite (at_nowhere l (fun q => y (xO q))) by (intros q; apply Z; discriminate). rewrite (Z xH) by discriminate. ring.
  - rewrite (IHl p (fun q => y (xO q))) by (intros q D; apply Z; congruence).
    rewrite (at_nowhere r (fun q => y (xI q))) by (intros q; apply Z; discriminate). rewrite (Z xH) by discriminate. ring.
  - rewrite (at_nowhere l (fun q => y (xO q))), (at_nowhere r (fun q => y (xI q))) by (intros q; apply Z; discriminate). ring.
Qed.

Lemma some_entry_at t : forall which, some_entry R t = true -> uses R which t = true -> exists p, which p = true /\ entry_at t p <> 0.
Proof.
  induction t as [|l IHl v r IHr]; intros which S U; simpl in *; [discriminate|].
  apply andb_prop in U as [U Ur]; apply andb_prop in U as [U Ul].
  assert (N : is_positive R v || is_positive R (negative R v) = true -> exactly R v <> 0).
  { intros P E. apply orb_prop in P as [P|P]; apply positive_exact in P; rewrite ?negative_exact, E in P;
      [|change (- 0) with 0 in P]; exact (Qclt_not_eq _ _ P eq_refl). }
  apply orb_prop in S as [S|S]; [apply orb_prop in S as [S|S]|].
  - exists xH. split; [|exact (N S)]. apply orb_prop in U as [U|U]; [|exact U]. destruct (N S (zero_exact R v U)).
  - destruct (IHl _ S Ul) as (p & ? & ?). exists (xO p). auto.
  - destruct (IHr _ S Ur) as (p & ? & ?). exists (xI p). auto.
Qed.

Theorem moved_generic : generic R inputs_end roomy moved.
Proof.
  split.
  - unfold moved. split; [reflexivity|]. destruct roomy; [|constructor]. apply Forall_map, Forall_forall. reflexivity.
  - intros Y r D Z. unfold moved in Z. rewrite Y in Z. apply andb_prop in D as [S U].
    destruct (some_entry_at _ _ S U) as (p & L & N). apply Pos.ltb_lt in L. inversion Z as [|? ? _ Z']; subst.
    unfold axes in Z'. rewrite Forall_map, Forall_forall in Z'. specialize (Z' (pred (Pos.to_nat p))).
    rewrite in_seq in Z'. unfold inputs_end, position in L. specialize (Z' ltac:(lia)). apply N.
    rewrite coordinate_row in Z'. cbn [fst snd] in Z'. rewrite (at_one (linear r) p) in Z'.
    + unfold along in Z'. rewrite position_pred, Pos.eqb_refl in Z'.
      apply (Qcmult_integral_l (direction p / natural (denominator r))).
      * intros E. apply (direction_nonzero p). replace (direction p) with (direction p / natural (denominator r) * natural (denominator r)) by (field; auto).
        rewrite E. ring.
      * etransitivity; [|exact Z']. field. auto.
    + intros q D. unfold along. rewrite position_pred. destruct (Pos.eqb_spec q p); [contradiction | reflexivity].
Qed.

Lemma rows_from_in r : forall es k, In r (rows_from k es) -> exists j low high den, nth_error es j = Some (Some (low, high, den)) /\
  (r = minus_row R (variable R (position (k + j))) (number_row R low den) \/ r = minus_row R (number_row R high den) (variable R (position (k + j)))).
Proof.
  induction es as [|d es IH]; intros k I; [contradiction|].
  assert (N : In r (rows_from (S k) es) -> exists j low high den, nth_error (d :: es) j = Some (Some (low, high, den)) /\
    (r = minus_row R (variable R (position (k + j))) (number_row R low den) \/ r = minus_row R (number_row R high den) (variable R (position (k + j))))).
  { intros J. destruct (IH _ J) as (j & low & high & den & E & Q). exists (S j), low, high, den. rewrite Nat.add_succ_r. auto. }
  destruct d as [[[low high] den]|]; [|exact (N I)]. destruct I as [<-|[<-|I]]; [| |exact (N I)];
    exists 0%nat, low, high, den; rewrite Nat.add_0_r; auto.
Qed.

Theorem moved_holds : holds R moved (array domain_rows).
Proof.
  intros i r F. rewrite find_array in F. apply nth_error_In in F.
  destruct (rows_from_in _ _ _ F) as (j & low & high & den & E & Q). simpl in Q.
  assert (B := H j _ E). simpl in B. destruct B as [Bl Bh]. set (p := position j) in *.
  assert (C : forall c w, fst c = 0 -> coordinate c (minus_row R (variable R p) (number_row R w den)) = snd c p
    /\ coordinate c (minus_row R (number_row R w den) (variable R p)) = - snd c p).
  { intros [h y] w Z. simpl in Z. subst h. rewrite !coordinate_minus, coordinate_variable, coordinate_number. simpl. split; ring. }
  assert (D : roomy = true -> (x p = exactly R low / natural den -> direction p = 1) /\ (x p = exactly R high / natural den -> direction p = - (1))).
  { intros Y. unfold roomy in Y. rewrite forallb_forall in Y. specialize (Y _ (nth_error_In _ _ E)). simpl in Y.
    apply positive_exact in Y. rewrite add_exact, negative_exact in Y.
    assert (G : exactly R low / natural den < exactly R high / natural den).
    { apply Qclt_minus_iff. replace (_ + - _) with ((exactly R high + - exactly R low) * / natural den) by (field; auto).
      replace 0 with (0 * / natural den) by ring. apply Qcmult_lt_compat_r; [apply inverse_positive, natural_positive | exact Y]. }
    unfold direction. assert (P : pred (Pos.to_nat p) = j) by (unfold p, position; lia). rewrite P, E.
    split; intros X; rewrite X; destruct (Qclt_le_dec _ _) as [L|L]; try reflexivity.
    - destruct (Qclt_not_le _ _ G L).
    - destruct (Qclt_not_eq _ _ L eq_refl). }
  assert (T : forall s, 0 <= at_row R x s -> (at_row R x s = 0 -> roomy = true -> Forall (fun c => 0 <= coordinate c s) axes) -> above R moved s).
  { intros s N A. unfold moved. destruct (Qcle_lt_or_eq _ _ N) as [L|L]; [left; rewrite coordinate_point; exact L|].
    right. split; [rewrite coordinate_point; auto|]. destruct roomy; [|exact I]. apply above_nonneg, A; auto. }
  assert (Z : forall s, (forall k, 0 <= coordinate (0, along k) s) -> Forall (fun c => 0 <= coordinate c s) axes).
  { intros s N. apply Forall_map, Forall_forall. intros k _. apply N. }
  assert (A : forall k, along k p = 0 \/ along k p = direction p) by (intros k; unfold along; destruct (Pos.eqb _ _); auto).
  destruct Q as [-> | ->]; apply T; rewrite ?minus_row_correct, ?variable_correct, ?number_row_correct.
  - apply difference_nonneg, Bl.
  - intros X Y. apply Z. intros k. rewrite (proj1 (C (0, along k) low eq_refl)). cbn [snd].
    destruct (A k) as [-> | ->]; [apply Qcle_refl|]. rewrite (proj1 (D Y)); [discriminate|].
    replace (x p) with (exactly R low / natural den + (x p - exactly R low / natural den)) by ring. rewrite X. ring.
  - apply difference_nonneg, Bh.
  - intros X Y. apply Z. intros k. rewrite (proj2 (C (0, along k) high eq_refl)). cbn [snd].
    destruct (A k) as [-> | ->]; [discriminate|]. rewrite (proj2 (D Y)); [discriminate|].
    replace (x p) with (exactly R high / natural den - (exactly R high / natural den - x p)) by ring. rewrite X. ring.
Qed.
End Moved.
End Domains.
